import * as fc from "fast-check";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import { catalogue } from "../../generated/index.js";
import { showChanges } from "../../runtime/cli/audit.js";
import { showGroups } from "../../runtime/cli/dead-letters/groups.js";
import { showList } from "../../runtime/cli/dead-letters/list.js";
import { showLetter } from "../../runtime/cli/dead-letters/show.js";
import { CommandError } from "../../runtime/cli/exit.js";
import { jsonLine, messageBody, messageLine } from "../../runtime/cli/message-line.js";
import { nagiosText } from "../../runtime/cli/status/nagios.js";
import { statusText } from "../../runtime/cli/status/text.js";
import { told, troubles } from "../../runtime/cli/story-lines.js";
import type { Descriptor } from "../../runtime/contract/descriptor.js";
import { MessagingError } from "../../runtime/errors.js";
import { AuditTrail } from "../../runtime/operations/audit/audit-trail.js";
import { recordedChanges } from "../../runtime/operations/audit/recorded-changes.js";
import { Groups } from "../../runtime/operations/groups/groups.js";
import { diagnose, type PausedGroup, prometheusText, StatusReader } from "../../runtime/operations/index.js";
import { explain } from "../../runtime/operations/messages/explain.js";
import { linesOf } from "../../runtime/operations/messages/lines.js";
import { tail } from "../../runtime/operations/messages/tail.js";
import { type Branch, branchesOf } from "../../runtime/operations/messages/trace.js";
import { Operator } from "../../runtime/operations/operator.js";
import { deadLettersOf } from "../../runtime/operations/redis-dead-letters.js";
import { findMessages } from "../../runtime/operations/traffic/find-messages.js";
import { readEntry } from "../../runtime/operations/traffic/read-entry.js";
import { readTraffic } from "../../runtime/operations/traffic/traffic.js";
import { streamKeys } from "../../runtime/redis/keys.js";
import { dashboardAt } from "../runtime/dashboard/hostile-stage.js";
import { useRedis } from "../support/redis.js";
import { runs } from "../support/runs.js";
import { ENTRIES, junk, junkFields } from "./junk.js";

const { redis, admin } = await useRedis();
const options = { env: {}, redis: { url: redis.url } };
const operator = new Operator(options, { name: "operator" });
const { config, routes } = operator;
const descriptors: readonly Descriptor[] = catalogue.messages;
const letters = deadLettersOf(config, routes);
const tool = { letters, audit: new AuditTrail(config, routes), descriptors, routes };
const status = new StatusReader({ ...options, messages: descriptors });
const unknown: unknown[] = [];
const dashboard = dashboardAt(redis, { onError: (error) => void unknown.push(error) });
afterAll(async () => {
  routes.close();
  status.close();
  await dashboard.close();
});

let out = "";
beforeEach(() => {
  out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.stubEnv("NO_COLOR", "1");
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await admin.flushall();
});

const ID = "1700000000000-0";
const STREAMS = ["events", "commands", "health"];
const KINDS = ["retry", "errors", "alive", "types", "handover", "held", "paused", "floor", "groups"] as const;
const LETTER_KINDS = ["settled", "index"] as const;
const AUDIT = [
  ["state", "begun", "action", "pause", "target", "events g", "who", "ada", "why", "", "details", '{"a":1}'],
  ["state", "done", "action", "pause", "target", "t", "who", "w", "why", "", "begun", ID, "details", "[]"],
];
const spoiltAudit = fc
  .tuple(fc.constantFrom(...AUDIT), fc.nat(), junk)
  .map(([fields, at, text]) => fields.map((each, place) => (place === at % fields.length ? text : each)));

/** What others may have written, key by key. */
const written = fc.record({
  entries: fc.array(fc.tuple(fc.constantFrom(...STREAMS), junkFields), { maxLength: 6 }),
  dead: fc.array(junkFields, { maxLength: 4 }),
  audit: fc.array(fc.oneof(spoiltAudit, junkFields), { maxLength: 3 }),
  kept: fc.array(
    fc.tuple(
      fc.constantFrom(...KINDS, ...LETTER_KINDS),
      fc.constantFrom("own", "own", "own", "hash", "zset", "string"),
      fc.oneof(fc.constantFrom(ID, "group", "type:user.created", "served", "heeds:c", "c"), junk),
      fc.oneof(fc.constantFrom("0 1 {}", `0 1 {"by":"\u009b2J","why":"\u202e"}`), junk),
      fc.oneof(fc.constantFrom("inf", "-inf", 1e300), fc.double({ noNaN: true })),
    ),
    { maxLength: 6 },
  ),
  consumer: fc.oneof(fc.constantFrom("parked", "handover", "c"), junk),
});
const ZSETS: ReadonlySet<string> = new Set(["retry", "alive", "handover", "groups", "index"]);

async function write(given: typeof written extends fc.Arbitrary<infer Value> ? Value : never): Promise<void> {
  const keys = streamKeys("events", "g");
  await admin.flushall();
  const filling = admin.pipeline();
  filling.xadd("events", ID, ...(ENTRIES[0] as readonly string[]));
  filling.xgroup("CREATE", "events", "g", "0");
  filling.xreadgroup("GROUP", "g", given.consumer || "c", "COUNT", 1, "STREAMS", "events", ">");
  for (const [stream, fields] of given.entries) if (fields.length > 0) filling.xadd(stream, "*", ...fields);
  for (const fields of given.dead) if (fields.length > 0) filling.xadd(keys.dead, "*", ...fields);
  for (const fields of given.audit) if (fields.length > 0) filling.xadd("merp:audit", "*", ...fields);
  for (const [kind, type, name, text, score] of given.kept) {
    const of = type === "own" ? (ZSETS.has(kind) ? "zset" : "hash") : type;
    if (of === "zset") filling.zadd(keys[kind], score, name);
    else if (of === "hash") filling.hset(keys[kind], name, text);
    else filling.set(keys[kind], text);
  }
  await filling.exec();
}

/** Reads something, and shows it. It may be refused by an error that an operator understands. */
async function shown(read: () => Promise<string | undefined>): Promise<void> {
  try {
    out += `${(await read()) ?? ""}\n`;
  } catch (error) {
    if (!(error instanceof MessagingError || error instanceof CommandError)) throw error;
  }
}

const searched = { streams: STREAMS, from: "0-0", to: "+", most: 1000 };
const READERS: readonly (() => Promise<string | undefined>)[] = [
  async () => {
    const seen = await status.read();
    const problems = diagnose(seen);
    JSON.stringify(seen);
    // What scrapes it needs the names as they are.
    const series = prometheusText(seen, problems).trimEnd().split("\n");
    expect(series.filter((line) => !/^(# (HELP|TYPE) )?merp_status_/.test(line))).toEqual([]);
    return [statusText(seen, problems, 80), nagiosText(seen, problems)].join("\n");
  },
  async () => {
    const lines: string[] = [];
    const following = { isOver: true, from: "0-1", signal: new AbortController().signal, notice: () => {} };
    for await (const each of tail(operator, descriptors, { ...following, streams: STREAMS, filter: {} })) {
      lines.push(
        messageLine(each, 120),
        messageLine(each, Number.POSITIVE_INFINITY),
        messageBody(each),
        jsonLine(each),
      );
    }
    return lines.join("\n");
  },
  async () => {
    const story = await explain(operator, descriptors, ID, searched);
    return [...troubles(story), ...linesOf(story.parts.map((part) => told(part)))].join("\n");
  },
  async () => {
    const query = { stream: "events", field: "after_data.a=1", company: "1" };
    await findMessages(operator, descriptors, query);
    await findMessages(operator, descriptors, { stream: "events" });
    await readEntry(operator, "events", ID);
    await readTraffic(operator, descriptors);
    return undefined;
  },
  async () => String(await showGroups(tool, ["events"], {})),
  async () => String(await showList(tool, ["events"], { state: "any" })),
  async () => String(await showList(tool, ["events"], { state: "any", json: true })),
  async () => {
    for (const [id] of await admin.xrange("{events}:dead", "-", "+")) await showLetter(tool, id, {});
    return undefined;
  },
  async () => String(await showChanges(recordedChanges(config, routes), { limit: 10 })),
  async () => String(await showChanges(recordedChanges(config, routes), { limit: 10, json: true })),
  async () => {
    await new Groups(config, routes).paused("events");
    return undefined;
  },
  async () => {
    const pages = ["", "streams", "services", "flow", "letters", "messages?stream=events", `story?id=${ID}`];
    const one = [`message?stream=events&id=${ID}`, "group?stream=events&group=g", "letters?stream=events&state=any"];
    for (const page of [...pages, ...one]) await dashboard.fetch(new Request(`http://localhost/${page}`));
    expect(unknown.splice(0)).toEqual([]);
    return undefined;
  },
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal obeys
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

it("whatever others wrote is shown to operators, or refused in words, and no terminal obeys it", async () => {
  const property = fc.asyncProperty(written, async (given) => {
    await write(given);
    out = "";
    for (const read of READERS) await shown(read);
    expect(OBEYED.exec(out)).toBeNull();
  });
  await fc.assert(property, { ...runs(6), endOnFailure: true });
});

it("a story ends where ids name each other without end, a retry is due at no moment, and a letter has a secret", async () => {
  await admin.xadd("events", ID, ...(ENTRIES[0] as readonly string[]));
  await admin.xgroup("CREATE", "events", "g", "0");
  await admin.xreadgroup("GROUP", "g", "parked", "COUNT", 1, "STREAMS", "events", ">");
  await admin.zadd("{events}:retry:g", "inf", ID);
  const secret = `5:email,17:ada@secret.invalid,`;
  await admin.xadd("{events}:dead", "*", "group", "g", "stream", "events", "message_id", "m-1", "original", secret);
  const parked = await explain(operator, descriptors, ID, searched);
  expect(parked.parts[0]?.fates).toMatchObject([{ state: "parked" }]);
  expect(parked.parts[0]?.fates[0]).not.toHaveProperty("dueAt");
  const { letters: found } = await explain(operator, descriptors, "m-1", searched);
  expect(found).toMatchObject([{ messageId: "m-1", original: [] }]);
  const chain = Array.from({ length: 20_000 }, (_, at) => {
    const [entryId, messageId] = [`${at + 1}-0`, `m${at}`];
    return { stream: "events", entryId, messageId, correlationId: "c", causationId: `m${at - 1}` };
  });
  const depthOf = (branches: readonly Branch[]): number =>
    branches.reduce((most, { caused }) => Math.max(most, 1 + depthOf(caused)), 0);
  const branches = branchesOf(chain, new Set(chain.slice(0, 1)));
  const countOf = (all: readonly Branch[]): number => all.reduce((sum, { caused }) => sum + 1 + countOf(caused), 0);
  expect([countOf(branches), depthOf(branches)]).toEqual([20_000, 100]);
});

it("a change is on record with its details, whatever its operator is called", async () => {
  const about = { action: "pause", target: "details", who: "details", why: "details" };
  await tool.audit.recorded({ ...about, details: { type: "user.created" } }, async () => ({ until: "then" }));
  const { value } = await recordedChanges(config, routes).next();
  expect(value).toMatchObject({ ...about, details: { type: "user.created" }, outcome: { until: "then" } });
});

it("a status tells little of what others wrote much of, and what is paused nevertheless", async () => {
  const keys = streamKeys("events", "g");
  const many = Array.from({ length: 12_000 }, (_, at) => [`type:t${at}`, "0 1 {}"]).flat();
  await admin.xgroup("CREATE", "events", "g", "0", "MKSTREAM");
  await admin.xgroup("CREATECONSUMER", "events", "g", "c".repeat(200_000));
  await admin.zadd(keys.alive, 1, "a".repeat(200_000));
  await admin.hset(keys.paused, "group", "0 1 {}", ...many);
  await admin.hset(keys.types, ...many);
  const seen = await status.read();
  expect(seen.paused).toMatchObject([{ group: "g", type: null }]);
  expect(JSON.stringify(seen).length).toBeLessThan(20_000);
  const [{ pauses }] = (await new Groups(config, routes).paused("events").then(async (served) => {
    expect(served).toEqual([]);
    await admin.zadd(keys.groups, 1, "g");
    return new Groups(config, routes).paused("events");
  })) as [PausedGroup];
  expect(pauses).toHaveLength(1);
  expect((await readTraffic(operator, descriptors)).silent).toEqual([{ stream: "events", group: "g" }]);
  await admin.del(keys.paused, keys.types);
  await admin.hset(keys.paused, "type:x", `0 1 {"by":"ada"}`, "type:y", `0 1 ${"z".repeat(200_000)}`);
  await admin.hset(keys.types, "c", `\n"user.created"\n${"z".repeat(2_000_000)}`);
  expect((await status.read()).paused).toMatchObject([{ type: "x", who: "ada" }]);
  expect((await readTraffic(operator, descriptors)).silent).toHaveLength(1);
});

it("a line of JSON means the same, and holds nothing that a terminal obeys", () => {
  const text = "\u009b2J\u202e\u2028\u007f##[group]x";
  const line = jsonLine({ id: ID, type: text, masked: [] } as unknown as Parameters<typeof jsonLine>[0]);
  expect([OBEYED.exec(line), JSON.parse(line)]).toEqual([null, { id: ID, type: text }]);
});
