import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import * as m from "../../../../generated/index.js";
import { told, troubles } from "../../../../runtime/cli/story-lines.js";
import { withCorrelation } from "../../../../runtime/index.js";
import { linesOf } from "../../../../runtime/messaging/causes.js";
import { type DeadLetter, Operations } from "../../../../runtime/operations/index.js";
import { explain, type Story } from "../../../../runtime/operations/messages/explain.js";
import { branchesOf, type Trace } from "../../../../runtime/operations/messages/trace.js";
import { Operator } from "../../../../runtime/operations/operator.js";
import { repository } from "../../../codegen/scratch.js";
import { eventually } from "../../../support/eventually.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
const streams = ["events", "commands", "notifications"];
const partner = { entity_id: 5, company_id: 1, after_data: { id: 5, name: "Acme" } } as never;

afterEach(() => admin.flushall());

async function storyOf(
  id: string,
  options: { readonly most?: number; readonly from?: string } = {},
  url: string = redis.url,
): Promise<Story> {
  const operator = new Operator({ env: {}, redis: { url } }, { name: "explain" });
  try {
    const range = { streams, from: "0-0", to: "+", most: 1000, ...options };
    return await explain(operator, m.catalogue.messages, id, range);
  } finally {
    operator.routes.close();
  }
}

/** As it is printed, without what differs from run to run. */
function printed(story: Story): readonly string[] {
  const lines = linesOf(story.parts.map((part) => told(part))).filter((line) => !/^ *id /.test(line));
  return [...troubles(story), ...lines].map((line) =>
    line
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "T")
      .replaceAll(/\d{13}-\d+/g, "ID")
      .replaceAll(/after \d+ ms/g, "after N ms")
      .replaceAll(/for \d+ m?s,/g, "for N s,"),
  );
}

describe("the story of a message", () => {
  it("tells what it caused, every attempt, its dead letter, what was redriven, and the answers of commands", async () => {
    await using billing = createService(redis, { service: "billing", maxRetries: 1, retryDelaySeconds: 0.01 });
    let isAway = true;
    m.onUserCreated(billing, async ({ entity_id }) => {
      await m.publishPartnerCreated(billing, partner);
      // Else the dead letter may have the id of that event, each in its stream.
      await sleep(2);
      if (entity_id === 9 && isAway) throw new Error("the database is away");
    });
    m.handleValidateToken(billing, () => {
      throw new Error("no such token");
    });
    await billing.start();
    await withCorrelation({ correlationId: "req-1" }, async () => {
      await m.publishUserCreated(billing, { entity_id: 9, after_data: { email: "a@b.example" } } as never);
      // Else both may have one id, each in its stream.
      await sleep(2);
      await m.sendValidateToken(billing, { token: "secret" } as never, { targetService: "billing" }).catch(() => {});
    });
    await eventually(() => billing.counts.deadLettered === 1);
    await sleep(2);
    await m.publishUserDeleted(billing, { entity_id: 1 });
    await using operations = new Operations({ env: {}, redis: { url: redis.url } });
    const letter = (await operations.deadLetters.list("events").next()).value as DeadLetter;
    const ends = ["billing-workers has acknowledged it: handled, filtered out, or without a handler"];
    const caused = [
      "    partner.created partner:5, company 1 from billing",
      "      published T to events as ID",
      ...ends.map((line) => `      ${line}`),
    ];
    const [event] = (await storyOf("req-1")).parts;
    // Acknowledgements are gathered for a moment.
    const quiet = async (): Promise<boolean> =>
      ((await admin.xpending("events", "billing-workers")) as number[])[0] === 0;
    await eventually(quiet);
    await eventually(async () => ((await admin.xpending("commands", "billing-workers")) as number[])[0] === 0);
    const lines = (mark: string): readonly string[] => [
      "user.created (ID) is an open dead letter of billing-workers: Error: the database is away (merp dead-letters show ID)",
      "validate_token (ID) was answered with a failure",
      `${mark}user.created user:9 from billing`,
      "  published T to events as ID",
      "  correlation req-1",
      "  billing-workers failed (attempt 1) T: Error: the database is away",
      "  billing-workers failed (attempt 2) T: Error: the database is away",
      "  billing-workers moved it to the dead letters as ID, which is open",
      ...caused,
      ...caused,
      "validate_token from billing",
      "  published T to commands as ID",
      "  correlation req-1",
      "  billing-workers has acknowledged it: handled, filtered out, or without a handler",
      "  answered T after N ms with a failure: no code: no such token",
    ];
    for (const id of [event?.trace.entryId, event?.trace.messageId, letter?.id]) {
      expect(printed(await storyOf(id as string))).toEqual(lines("→ "));
    }
    expect(printed(await storyOf("req-1")).filter((line) => line.includes("→"))).toHaveLength(4);
    const page = await readFile(join(repository, "docs/security.md"), "utf8");
    const [, rights = ""] = /^user viewer (.*)$/m.exec(page) ?? [];
    await admin.call("ACL", "SETUSER", "viewer", ...rights.split(" "));
    const viewed = await storyOf("req-1", {}, redis.url.replace("redis://", "redis://viewer:change-me@"));
    expect(printed(viewed)).toContain("  its answer cannot be read: this user of Redis may not run STRLEN and GET");
    isAway = false;
    await operations.deadLetters.redrive("events", letter.id, { by: "ada" });
    await eventually(async () =>
      printed(await storyOf("req-1")).some((line) => line.startsWith("  redriven: billing-workers has ack")),
    );
    expect(printed(await storyOf("req-1"))).toContain(
      "  billing-workers moved it to the dead letters as ID, redriven T by ada as ID",
    );
    await admin.del("events");
    const stray = await storyOf(event?.trace.messageId as string);
    expect([stray.parts, stray.letters.length]).toEqual([[], 1]);
    expect(printed(stray)).toEqual([
      "user.created is a redriven dead letter of billing-workers (Error); its message was not found",
    ]);
  });

  it("finds the message of a dead letter whose id an entry has, too", async () => {
    await using billing = createService(redis, { service: "billing", maxRetries: 0 });
    m.onUserCreated(billing, () => {
      throw new Error("the database is away");
    });
    await billing.start();
    await m.publishUserCreated(billing, { entity_id: 9, after_data: { email: "a@b.example" } });
    await eventually(() => billing.counts.deadLettered === 1);
    const id = (await admin.xrange("{events}:dead", "-", "+"))[0]?.[0] as string;
    await admin.xadd("commands", id, "command_type", "validate_token", "id", "x");
    const { parts, letters } = await storyOf(id);
    expect([parts.map(({ message }) => message?.type).sort(), letters]).toEqual([
      ["user.created", "validate_token"],
      [],
    ]);
  });

  it("tells who has not read it, who holds it, and what waits for a retry; and how far was looked", async () => {
    const id = (await admin.xadd(
      "events",
      "*",
      "event_type",
      "user.deleted",
      "entity_type",
      "user",
      "entity_id",
      "1",
      "id",
      "x-1",
    )) as string;
    for (const group of ["a", "b", "c"]) await admin.xgroup("CREATE", "events", group, "0");
    await admin.xreadgroup("GROUP", "b", "b-1", "COUNT", 1, "STREAMS", "events", ">");
    await admin.xreadgroup("GROUP", "c", "parked", "COUNT", 1, "STREAMS", "events", ">");
    await admin.zadd("{events}:retry:c", 1_900_000_000_000, id);
    await admin.hset(
      "{events}:errors:c",
      id,
      '{"at":"2026-01-01T00:00:00Z","name":"Error","message":"\\u001b[2J"},{"at":"2026-01-01T00:00:00Z","name":"E","message":"2"}',
    );
    await admin.hset("{events}:errors:b", id, "junk");
    expect(printed(await storyOf("x-1"))).toEqual(
      [
        "user.deleted (ID) waits in c: it is parked",
        "→ user.deleted user:1",
        "  published T to events as ID",
        "  a has not read it yet",
        "  b has it for N s, in b-1, delivered once",
        "  c failed (attempt 1) T: Error: \\u001b[2J",
        "  c failed (attempt 2) T: E: 2",
        "  c tries it again at T, delivered once",
      ].map((line) => line.replace("2026-01-01T00:00:00Z", "T")),
    );
    await admin.xadd("events", "*", "a", "b");
    const { parts, searched } = await storyOf("x-1", { most: 1 });
    expect(parts).toEqual([]);
    expect(searched[0]).toMatchObject({ stream: "events", entries: 1, isWhole: false });
    expect(searched[1]).toEqual({ stream: "commands", entries: 0, oldest: undefined, isWhole: true });
  });

  it("bears a circle of causes, the same id twice, and a stream that is none", async () => {
    const trace = (entryId: string, messageId: string, causationId?: string): Trace => ({
      ...{ stream: "events", entryId, messageId, causationId, correlationId: undefined },
    });
    const [a, b, again, other] = [
      trace("1-0", "a", "b"),
      trace("2-0", "b", "a"),
      trace("3-0", "b", "a"),
      trace("4-0", "x"),
    ];
    const traces = [a, b, again, other] as const;
    const tree = branchesOf(traces, new Set([b]));
    const ids = (branches: typeof tree): readonly string[] =>
      branches.flatMap(({ trace: { entryId }, caused }) => [entryId, ...ids(caused)]);
    expect([...ids(tree)].sort()).toEqual(["1-0", "2-0", "3-0"]);
    await admin.set("events", "no stream");
    await expect(storyOf("x")).rejects.toThrow(/refused reading events: WRONGTYPE/);
  });
});
