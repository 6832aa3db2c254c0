import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as catalogue from "../../../../generated/index.js";
import { Flood } from "../../../../runtime/cli/flood.js";
import { messageBody, messageLine } from "../../../../runtime/cli/message-line.js";
import type { Descriptor } from "../../../../runtime/contract/descriptor.js";
import type { FollowOptions } from "../../../../runtime/operations/messages/follower.js";
import { streamsOf, unknownTypes } from "../../../../runtime/operations/messages/message-filter.js";
import { MessageReader } from "../../../../runtime/operations/messages/message-reader.js";
import { type TailedMessage, tail } from "../../../../runtime/operations/messages/tail.js";
import { Operator } from "../../../../runtime/operations/operator.js";
import { repository } from "../../../codegen/scratch.js";
import { eventually } from "../../../support/eventually.js";
import { isOnCluster } from "../../../support/on-cluster.js";
import { bundleOf } from "../../../support/program-bundle.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { publishPartnerCreated, publishUserCreated, publishUserDeleted, notifySuccess } = catalogue;
const { redis, admin } = await useRedis();
const descriptors: readonly Descriptor[] = catalogue.catalogue.messages;
const partner = {
  entity_id: 5,
  company_id: 3,
  after_data: { id: 5, name: "Acme", email: "mail@acme.example" },
} as never;

afterEach(async () => {
  vi.restoreAllMocks();
  await admin.flushall();
});

/** What is shown, as it comes; ends with the test. */
function tailing(
  options: Partial<FollowOptions> & { readonly filter?: object; readonly unmasked?: boolean } = {},
  env: Readonly<Record<string, string>> = {},
) {
  const controller = new AbortController();
  const notices: string[] = [];
  const seen: TailedMessage[] = [];
  const operator = new Operator(
    { env: { STREAM_BLOCK_TIME: "50", ...env }, redis: { url: redis.url } },
    { name: "tail" },
  );
  const ended = (async () => {
    const all = {
      ...{ streams: streamsOf(descriptors, {}), signal: controller.signal, filter: {} },
      ...{ notice: (sentence: string) => void notices.push(sentence), ...options },
    };
    for await (const message of tail(operator, descriptors, all)) seen.push(message);
  })();
  const end = async (): Promise<void> => {
    controller.abort();
    await ended;
    operator.routes.close();
  };
  return { seen, notices, ended, end, [Symbol.asyncDispose]: end };
}

/** Whether all streams are waited for: those of one Redis by one connection, those of a cluster by one each. */
async function isWaiting(): Promise<boolean> {
  const readers = isOnCluster ? streamsOf(descriptors, {}).length : 1;
  const clients = String(await admin.client("LIST"));
  return clients.match(/name=tail:read:tail .*cmd=xread /g)?.length === readers;
}

describe("the messages of streams", () => {
  it("come in the order of time from all streams, in both encodings, masked; then live; and nothing is left behind", async () => {
    const seldom = { trimIntervalSeconds: 3600 };
    await using json = createService(redis, { ...seldom, service: "json-service", encoding: "json" });
    await using fields = createService(redis, { ...seldom, service: "fields-service", encoding: "fields" });
    // What is published within a millisecond has no order among streams.
    await publishPartnerCreated(fields, partner);
    await sleep(2);
    await notifySuccess(json, { title: "done", message: "all of it", target_user_id: 1 } as never);
    await sleep(2);
    await publishPartnerCreated(json, partner);
    await admin.xadd("events", "*", "event_type", "invoice.paid", "id", "1-2-3", "iban", "DE02 1203");
    const keys = await admin.keys("*");
    await using shown = tailing({ from: "0-1" });
    await eventually(() => shown.seen.length === 4 && isWaiting());
    await publishUserDeleted(json, { entity_id: 9 });
    await eventually(() => shown.seen.length === 5);
    expect(shown.seen.map(({ type, source, isLive }) => [type, source, isLive])).toEqual([
      ["partner.created", "fields-service", false],
      ["success", "json-service", false],
      ["partner.created", "json-service", false],
      ["invoice.paid", undefined, false],
      ["user.deleted", "json-service", true],
    ]);
    expect(JSON.stringify(shown.seen)).not.toMatch(/mail@acme|DE02/);
    for (const at of [0, 2]) {
      expect(shown.seen[at]).toMatchObject({ entity: "partner:5", company: "3", masked: ["after_data.email"] });
      expect(shown.seen[at]?.message?.["after_data"]).toEqual({ id: 5, name: "Acme", email: "…" });
    }
    expect(shown.seen[3]).toMatchObject({ sizes: { iban: 9 }, message: undefined, messageId: "1-2-3" });
    expect((await admin.keys("*")).sort()).toEqual(keys.sort());
    expect(await admin.xinfo("GROUPS", "events")).toEqual([]);
  });

  it("are shown whole on demand, also those that no contract describes", async () => {
    await using service = createService(redis, { service: "a" });
    await publishPartnerCreated(service, partner);
    await admin.xadd("events", "*", "event_type", "invoice.paid", "iban", "DE02");
    await using shown = tailing({ from: "0-1", isOver: true, unmasked: true });
    await shown.ended;
    expect(shown.seen[0]).toMatchObject({ masked: [], message: { after_data: { email: "mail@acme.example" } } });
    expect(shown.seen[1]?.fields).toEqual(["event_type", "invoice.paid", "iban", "DE02"]);
  });

  it("are those that the filter and the bounds let through", async () => {
    await using service = createService(redis, { service: "a" });
    await publishUserCreated(service, { entity_id: 1, company_id: 1, after_data: { email: "a@b.example" } } as never);
    await publishPartnerCreated(service, partner, { correlationId: "req-1" });
    await publishUserDeleted(service, { entity_id: 1, company_id: 3 });
    const types = async (options: Parameters<typeof tailing>[0]): Promise<readonly unknown[]> => {
      await using shown = tailing({ from: "0-1", isOver: true, ...options });
      await shown.ended;
      return shown.seen.map(({ type }) => type);
    };
    expect(await types({ filter: { types: ["user.*"] } })).toEqual(["user.created", "user.deleted"]);
    expect(await types({ filter: { company: "3" } })).toEqual(["partner.created", "user.deleted"]);
    expect(await types({ filter: { correlationId: "req-1" } })).toEqual(["partner.created"]);
    expect(await types({ filter: { source: "b" } })).toEqual([]);
    const [first, second] = (await admin.xrange("events", "-", "+")).map(([id]) => id);
    expect(await types({ from: second as string })).toEqual(["partner.created", "user.deleted"]);
    // The end is a moment that is past, so that nothing is waited for.
    expect(await types({ to: first as string, isOver: false })).toEqual(["user.created"]);
    expect(streamsOf(descriptors, { types: ["user.*"] })).toEqual(["events"]);
    expect(streamsOf(descriptors, { types: ["user.*", "newer"] }).length).toBeGreaterThan(3);
    expect(unknownTypes(descriptors, ["user.*", "user.creatd"])).toEqual([
      "no message of the catalogue is of type user.creatd; did you mean user.created?",
    ]);
  });

  it("go on after a loss of the connection, and in a stream that begins anew; both are told", async () => {
    await using service = createService(redis, { service: "a" });
    await publishUserDeleted(service, { entity_id: 1 });
    await using shown = tailing();
    await eventually(isWaiting);
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await eventually(() => shown.notices.some((notice) => notice.startsWith("connected again")));
    await eventually(() => publishUserDeleted(service, { entity_id: 2 }));
    await eventually(() => shown.seen.length > 0);
    expect(shown.seen[0]?.entity).toBe("user:2");
    await admin.del("events");
    await admin.xadd("events", "5-1", "event_type", "user.deleted", "entity_id", "3");
    await eventually(() => shown.seen.at(-1)?.id === "5-1");
    expect(shown.notices).toContainEqual(expect.stringMatching(/^events was deleted or set back/));
  });

  it("begin where they are to, also in a stream to which nothing was added since", async () => {
    await admin.xadd("events", `${Date.now() - 7_200_000}-0`, "event_type", "user.deleted", "entity_id", "1");
    await using shown = tailing({ from: `${Date.now() - 3_600_000}-0` });
    await eventually(isWaiting);
    // It has waited in vain by then, and more than once.
    await sleep(300);
    await using service = createService(redis, { service: "a" });
    await publishUserDeleted(service, { entity_id: 2 });
    await eventually(() => shown.seen.some(({ entity }) => entity === "user:2"));
    expect(shown.seen).toHaveLength(1);
    expect(shown.notices).toEqual([]);
  });

  it("are junk, too large or of another stream's form, and each is shown as what it is", async () => {
    await admin.xadd("events", "*", "event_type", "user.created", "blob", "x".repeat(3000));
    await admin.xadd("events", "*", "message_type", "user.created", "json", "{nonsense");
    await admin.xadd("events", "*", "a\u001b[2J", "b");
    await admin.xadd("health", "99999999999999-0", "service_name", "a", "status", "healthy");
    await using shown = tailing({ from: "0-1", isOver: true }, { MESSAGE_MAX_BYTES: "2000" });
    await shown.ended;
    expect(shown.seen.map(({ problem }) => problem)).toEqual([
      expect.stringContaining("is larger than MESSAGE_MAX_BYTES"),
      expect.stringContaining("cannot be read"),
      expect.stringContaining("does not describe"),
      undefined,
    ]);
    for (const message of shown.seen) {
      for (const width of [40, 60, 84, 100, 200]) expect(messageLine(message, width).length).toBeLessThanOrEqual(width);
      expect(messageLine(message, 80) + messageBody(message)).not.toContain("\u001b[2J");
    }
  });

  it("end with the sentence of what Redis refuses", async () => {
    await admin.set("events", "no stream");
    await expect(tailing({ from: "0-1" }).ended).rejects.toThrow(/refused reading events: WRONGTYPE/);
    await admin.del("events");
    await admin.call("ACL", "SETUSER", "looker", "on", ">secret", "~*", "&*", "+@all", "-xread");
    const url = redis.url.replace("redis://", "redis://looker:secret@");
    const operator = new Operator({ env: {}, redis: { url } }, { name: "tail" });
    const options = { streams: ["events"], signal: new AbortController().signal, filter: {}, notice: () => {} };
    const shown = tail(operator, descriptors, options);
    await expect(shown.next()).rejects.toThrow(/refused waiting for events: NOPERM .*xread.*ACL GETUSER/);
    operator.routes.close();
  });
});

describe("merp tail", () => {
  it("prints lines until Ctrl-C, and ends with 0; a masked line of JSON holds no secret", async () => {
    await using service = createService(redis, { service: "a" });
    await publishPartnerCreated(service, partner);
    const program = await bundleOf(join(repository, "runtime/cli/index.ts"));
    const MERP_CATALOGUE = await bundleOf(join(repository, "generated/index.ts"));
    const env = { PATH: process.env["PATH"] ?? "", REDIS_URL: redis.url, MERP_CATALOGUE };
    const child = spawn(process.execPath, [program, "tail", "*.created", "typo.*", "--since", "1h", "--json"], { env });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    await eventually(isWaiting);
    await publishPartnerCreated(service, partner);
    await eventually(() => out.split("\n").length === 3);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([0, null]);
    const [line] = out.split("\n").map((text) => text && (JSON.parse(text) as TailedMessage));
    expect(line).toMatchObject({ type: "partner.created", stream: "events", masked: ["after_data.email"] });
    expect(out).not.toContain("mail@acme");
    expect(err).toBe("note: no message of the catalogue is of type typo.*\n");
  });
});

it("reads a catalogue's own kinds, and a type that two streams have by its stream", () => {
  const reader = new MessageReader(descriptors);
  const shown = reader.read({ id: "1-1", fields: ["notification_type", "error", "title", "x"] }, "notifications");
  expect(shown).toMatchObject({ kind: "notification", at: "1970-01-01T00:00:00.001Z" });
});

it("leaves live messages of a flood out, and tells how many; what was there already is all shown", () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ["Date"] });
  const notes: string[] = [];
  const flood = new Flood(2, (sentence) => notes.push(sentence));
  const shown = (count: number, isLive: boolean): number =>
    Array.from({ length: count }, () => flood.admits(isLive)).filter(Boolean).length;
  expect([shown(50, false), shown(50, true)]).toEqual([50, 2]);
  expect(notes).toEqual(["more than 2 messages a second: the others are only counted (--rate 0 shows all)"]);
  vi.setSystemTime(1_001_000);
  expect(shown(1, true)).toBe(1);
  expect(notes.slice(1)).toEqual(["48 messages were not shown"]);
  expect(shown(3, true)).toBe(1);
  flood.tell();
  expect(notes.at(-1)).toBe("2 messages were not shown");
  vi.useRealTimers();
  const all = new Flood(0, () => {});
  expect(Array.from({ length: 500 }, () => all.admits(true)).every(Boolean)).toBe(true);
});
