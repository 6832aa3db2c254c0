import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import {
  type MessagingOptions,
  onUserCreated,
  onUserDeleted,
  publishUserCreated,
  publishUserDeleted,
  upcaster,
  userCreated,
} from "../../../../generated/index.js";
import { defineEvent, type Interceptor } from "../../../../runtime/index.js";
import { type Checkpoint, ReplayError, type ReplayOptions, replay } from "../../../../runtime/operations/index.js";
import { linesOf } from "../../../../runtime/operations/replay/file-lines.js";
import { fileSource } from "../../../../runtime/operations/replay/file-source.js";
import { messagingOf } from "../../../../runtime/operations/replay/service-module.js";
import { Scratch } from "../../../codegen/scratch.js";
import { all as every } from "../../../conformance/cast.js";
import { useRedis } from "../../../support/redis.js";
import { createService } from "../../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const all = { from: "0-0", until: "99999999999999-0" } as const;
const user = (entity_id: number, company_id = 1) => ({ entity_id, company_id, after_data: { email: "a@b.example" } });

/** A service that notes which users it handles, and the ids of the users that it was given to begin with. */
async function noting(count: number, options: MessagingOptions = {}, failing: ReadonlySet<number> = new Set()) {
  const service = createService(redis, { service: "billing", ...options });
  const handled: number[] = [];
  onUserCreated(
    service,
    async ({ entity_id }) => {
      await Promise.resolve();
      if (failing.has(entity_id)) throw new Error(`not ${entity_id}`);
      handled.push(entity_id);
    },
    { company_id: 1 },
  );
  for (let n = 1; n <= count; n++) await publishUserCreated(service, user(n));
  const ids = (await admin.xrange("events", "-", "+")).map(([id]) => id);
  const end = (): Promise<void> => service.close();
  return { service, handled, ids, [Symbol.asyncDispose]: end };
}

/** Every key with what it holds. */
async function everything(): Promise<Record<string, string>> {
  const keys = (await admin.keys("*")).sort();
  return Object.fromEntries(
    await Promise.all(keys.map(async (key) => [key, (await admin.dumpBuffer(key))?.toString("hex") ?? ""] as const)),
  );
}

describe("a replay", () => {
  it("changes nothing in Redis, applies filters and upcasters, and runs interceptors", async () => {
    const properties = { ...userCreated.schema.properties, event_type: { const: "user.made" } };
    const old = defineEvent<never, never>("user.made", { ...userCreated.schema, properties });
    const around: string[] = [];
    const interceptor: Interceptor = (call, next) => {
      around.push(`${call.operation} ${call.descriptor.type}`);
      return next();
    };
    const upcasters = [upcaster(old, userCreated as never, (made: object) => made as never)];
    await using noted = await noting(2, { interceptors: [interceptor], upcasters });
    const { service, handled } = noted;
    await publishUserCreated(service, user(3, 2));
    await publishUserDeleted(service, { entity_id: 4 });
    await service.publish(old, user(5) as never);
    around.length = 0;
    await admin.xgroup("CREATE", "events", "billing-workers", "0");
    const before = await everything();
    const report = await replay(service);
    expect(await everything()).toEqual(before);
    expect(handled).toEqual([1, 2, 5]);
    expect(report).toMatchObject({ handled: 3, skipped: 2, byType: { "user.created": 2, "user.made": 1 } });
    expect(around).toEqual(Array.from({ length: 3 }, () => "handle user.created"));
    around.length = 0;
    expect(
      await replay(service, { dryRun: true, where: ({ entity_id }: { entity_id: number }) => entity_id > 1 }),
    ).toMatchObject({
      handled: 2,
      skipped: 3,
    });
    expect([handled.length, around]).toEqual([3, []]);
  });

  it("handles what lies between its bounds, of its types, that its condition lets through", async () => {
    await using noted = await noting(5);
    const { service, handled, ids } = noted;
    onUserDeleted(service, () => void handled.push(0));
    await publishUserDeleted(service, { entity_id: 1 });
    const run = async (options: ReplayOptions): Promise<readonly number[]> => {
      handled.length = 0;
      await replay(service, options);
      return [...handled];
    };
    expect(await run({ from: ids[1] as string, until: ids[3] as string })).toEqual([2, 3, 4]);
    expect(
      await run({ types: ["user.created"], where: ({ entity_id }: { entity_id: number }) => entity_id % 2 === 0 }),
    ).toEqual([2, 4]);
    expect(await run({ from: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await run({ until: new Date(0).toISOString() })).toEqual([]);
    expect(await run({ rate: 1000 })).toEqual([1, 2, 3, 4, 5, 0]);
    for (const [options, problem] of [
      [{ types: ["user.creatd"] }, "no handler takes user.creatd; did you mean user.created?"],
      [{ from: "yesterday" }, "from must be an entry's id"],
      [{ stream: "commands" }, "no handler takes messages of the stream commands"],
      [{ rate: 0 }, "rate must be greater than 0"],
      [{ form: "0-0" }, "the option form does not exist; did you mean from?"],
    ] as const) {
      await expect(replay(service, options as ReplayOptions)).rejects.toThrow(problem);
    }
    await expect(replay({})).rejects.toThrow("replay takes a messaging");
  });

  it("stops at a message that fails, and goes on there; or goes on at once, and tells all that failed", async () => {
    await using scratch = await Scratch.create({});
    const checkpoint = scratch.path("replay.json");
    const failing = new Set([3, 5]);
    await using noted = await noting(6, {}, failing);
    const { service, handled, ids } = noted;
    const stopped = (await replay(service, { checkpoint }).catch((error: unknown) => error)) as ReplayError;
    expect(stopped).toBeInstanceOf(ReplayError);
    expect(stopped.message).toBe(`the replay of user.created ${ids[2]} of events failed: not 3`);
    expect(stopped.report).toMatchObject({ end: "failed", handled: 2, position: ids[1] });
    expect(JSON.parse(await readFile(checkpoint, "utf8"))).toMatchObject({ position: ids[1], end: ids[5] });
    await publishUserCreated(service, user(7));
    failing.delete(3);
    const progress: unknown[] = [];
    const rest = (await replay(service, {
      ...{ checkpoint, keepGoing: true },
      onProgress: ({ position, failed }) => progress.push([position, failed]),
    }).catch((error: unknown) => error)) as ReplayError;
    // What was added since the replay began is not part of it.
    expect(handled).toEqual([1, 2, 3, 4, 6]);
    expect(rest.report).toMatchObject({
      end: "completed",
      failed: 1,
      failures: [{ entryId: ids[4], type: "user.created" }],
    });
    expect(progress).toEqual([
      [ids[2], 0],
      [ids[3], 0],
      [ids[4], 1],
      [ids[5], 1],
    ]);
    await expect(readFile(checkpoint)).rejects.toThrow("ENOENT");
  });

  it("ends after the present message when it is told to, and goes on where it was", async () => {
    await using scratch = await Scratch.create({});
    const checkpoint = scratch.path("replay.json");
    await using noted = await noting(5);
    const { service, handled } = noted;
    const controller = new AbortController();
    const onProgress = (): void => void (handled.length === 2 && controller.abort());
    expect(await replay(service, { checkpoint, signal: controller.signal, onProgress })).toMatchObject({
      end: "stopped",
    });
    expect(handled).toEqual([1, 2]);
    await expect(replay(service, { checkpoint, includeCommands: true })).rejects.toThrow("is that of another replay");
    expect(await replay(service, { checkpoint })).toMatchObject({ end: "completed", handled: 3 });
    expect(handled).toEqual([1, 2, 3, 4, 5]);
    await scratch.write("replay.json", "{");
    await expect(replay(service, { checkpoint })).rejects.toThrow(/is no checkpoint of a replay/);
    await expect(replay(service, { checkpoint: scratch.path("none/x.json") })).resolves.toMatchObject({ handled: 5 });
    const kept = {
      selection: '{"service":"billing","environment":"development","source":"events","includeCommands":false}',
      end: "9-9",
    };
    const load = async () => ({ ...kept, position: "99999999999999-0" });
    const own = { load, save: async () => {}, clear: async () => {} };
    await expect(replay(service, { checkpoint: own })).rejects.toThrow("events was deleted or set back");
  });

  it("takes a refused publish as a failure, also where the handler goes on without; and limits a handler's time", async () => {
    await using service = createService(redis, { service: "a", handlerTimeoutSeconds: 0.05 });
    onUserCreated(service, async (_event, { signal }) => {
      await publishUserDeleted(service, { entity_id: 1 }).catch(() => {});
      signal.throwIfAborted();
    });
    onUserDeleted(service, () => new Promise(() => {}));
    await publishUserCreated(service, user(1));
    await expect(replay(service)).rejects.toThrow(
      "the handler would publish or send user.deleted, and went on without",
    );
    await publishUserDeleted(service, { entity_id: 1 });
    await expect(replay(service, { types: ["user.deleted"] })).rejects.toThrow(/did not end within|took longer|0\.05/);
    expect(await admin.xlen("events")).toBe(2);
  });

  it("fails at what no handler can read, and passes over what is for none", async () => {
    await using noted = await noting(1);
    await admin.xadd("events", "*", "event_type", "user.created", "company_id", "1", "entity_id", "x");
    await admin.xadd("events", "*", "event_type", "newer.type");
    await admin.xadd("events", "*", "nothing", "of ours");
    const report = await replay(noted.service, { keepGoing: true }).catch((error: ReplayError) => error.report);
    expect(report).toMatchObject({ handled: 1, skipped: 2, failed: 1, end: "completed" });
  });
});

describe("a replay of a file", () => {
  const line = (id: string, message: object | undefined, more: object = {}): string =>
    `${JSON.stringify({ id, stream: "events", type: "user.created", message, ...more })}\n`;

  it("handles its whole messages, and goes on behind the line where it ended", async () => {
    await using scratch = await Scratch.create({});
    await using noted = await noting(1);
    const [[, fields]] = (await admin.xrange("events", "-", "+")) as [[string, string[]]];
    const message = JSON.parse(
      JSON.stringify({
        ...Object.fromEntries(
          Array.from({ length: fields.length / 2 }, (_, at) => [fields[2 * at] as string, fields[2 * at + 1]]).filter(
            ([, text]) => text !== "",
          ),
        ),
        entity_id: 8,
        company_id: 1,
        metadata: {},
        after_data: { email: "a@b.example" },
      }),
    ) as object;
    const lines = [line("1-0", message), "\n", line("2-0", undefined, { fields }), line("3-0", message)];
    await scratch.write("some.jsonl", lines.join(""));
    const source = fileSource(scratch.path("some.jsonl"), all);
    expect(await replay(noted.service, { source })).toMatchObject({ handled: 3, position: "4" });
    expect(noted.handled).toEqual([8, 1, 8]);
    const narrow = fileSource(scratch.path("some.jsonl"), { from: "2-0", until: "2-5" });
    expect(await replay(noted.service, { source: narrow })).toMatchObject({ handled: 1 });
    const kept = {
      selection: '{"service":"billing","environment":"development","source":"some.jsonl","includeCommands":false}',
      end: "",
    };
    const load = async () => ({ ...kept, position: "3" });
    const checkpoint = { load, save: async () => {}, clear: async () => {} };
    expect(await replay(noted.service, { source, checkpoint })).toMatchObject({ handled: 1 });
  });

  it("refuses masked values and what is no message, with the line", async () => {
    await using scratch = await Scratch.create({});
    await using noted = await noting(0);
    for (const [text, problem] of [
      [line("1-0", {}, { masked: ["after_data.email"] }), /line 1: holds masked values.*--unmasked/],
      [line("1-0", undefined, { sizes: {} }), /line 1: holds masked values/],
      [`\n${line("1-0", {}).slice(0, 20)}`, /line 2: is no JSON/],
      ['{"id":"x","stream":"events"}\n', /line 1: is no message/],
      ["null\n", /line 1: is no message/],
      [line("1-0", undefined), /line 1: has no message/],
      [
        line("1-0", undefined).replace("}", `,"message":${'{"a":'.repeat(20_000)}1${"}".repeat(20_001)}`),
        /line 1: is (no JSON|nested)/,
      ],
    ] as const) {
      await scratch.write("bad.jsonl", text);
      const source = fileSource(scratch.path("bad.jsonl"), all);
      await expect(replay(noted.service, { source })).rejects.toThrow(problem);
    }
    const none = fileSource(scratch.path("none.jsonl"), all);
    await expect(replay(noted.service, { source: none })).rejects.toThrow("none.jsonl cannot be read: ENOENT");
    const folder = fileSource(scratch.path("."), all);
    await expect(replay(noted.service, { source: folder })).rejects.toThrow(/cannot be read: EISDIR/);
  });

  it("reads a line to its line feed, and none that is longer than any message", async () => {
    await using scratch = await Scratch.create({});
    const texts = ['"a\u2028b\rc\u2029"', "", "d".repeat(100_000), "\r", "last"];
    await scratch.write("odd.txt", texts.join("\n"));
    const lines: string[] = [];
    let bytes = 0;
    for await (const each of linesOf(scratch.path("odd.txt"))) {
      lines.push(each.text);
      bytes += each.bytes;
    }
    expect([lines, bytes]).toEqual([texts, Buffer.byteLength(texts.join("\n"))]);
    const tooLong = every(linesOf(scratch.path("odd.txt"), 99_999));
    await expect(tooLong).rejects.toThrow(/odd.txt has a line of more than 99999 bytes/);
  });

  it("does not begin anew, or end at once, at a checkpoint that names no place", async () => {
    await using scratch = await Scratch.create({});
    await using noted = await noting(2);
    await scratch.write("some.jsonl", line("1-0", {}));
    const of = (source: string) =>
      JSON.stringify({ service: "billing", environment: "development", source, includeCommands: false });
    const at = (source: string, position: string, end: string): Checkpoint => ({
      load: async () => ({ selection: of(source), position, end }),
      save: () => Promise.reject(new Error("saved")),
      clear: () => Promise.reject(new Error("cleared")),
    });
    const source = fileSource(scratch.path("some.jsonl"), all);
    for (const [options, problem] of [
      [{ source, checkpoint: at("some.jsonl", "x", "") }, /names no line/],
      [{ checkpoint: at("events", "x", "9-9") }, /names no entry/],
      [{ checkpoint: at("events", "1-1", "") }, /names no entry/],
    ] as const)
      await expect(replay(noted.service, options)).rejects.toThrow(problem);
    expect(noted.handled).toEqual([]);
  });
});

it("takes a service's module that exports its messaging, or registers handlers, but none that handles live messages", async () => {
  await using noted = await noting(0);
  expect(await messagingOf({ messaging: noted.service }, [])).toBe(noted.service);
  await expect(messagingOf({}, [])).rejects.toThrow("must export its messaging");
  await noted.service.start();
  await expect(messagingOf({ messaging: noted.service }, [])).rejects.toThrow("starts its messaging when it is loaded");
});
