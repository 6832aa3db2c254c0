import { afterEach, describe, expect, it } from "vitest";
import type { MessagingOptions } from "../../../generated/index.js";
import {
  type Encoding,
  onHealthReport,
  onUserCreated,
  publishUserCreated,
  userCreated,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, logBook } from "../../support/service.js";

const group = "test-service-workers";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const good = (encoding: Encoding): string[] => contractOf(userCreated).write({ ...exampleUserCreated() }, encoding);

/** A valid entry with one field's value changed. */
function withField(name: string, value: string): string[] {
  return good("fields").map((text, at, entry) => (at % 2 === 1 && entry[at - 1] === name ? value : text));
}

interface DeadLetter {
  readonly record: Readonly<Record<string, string>>;
  /** The original's fields and values, in their bytes. */
  readonly original: readonly Buffer[];
}

/** Every dead letter of a stream, unpacked. */
async function deadLetters(stream = "events"): Promise<DeadLetter[]> {
  const entries = await admin.xrangeBuffer(`{${stream}}:dead`, "-", "+");
  return entries.map(([, flat]) => {
    const fields = new Map<string, Buffer>();
    for (let at = 0; at < flat.length; at += 2) fields.set(String(flat[at]), flat[at + 1] as Buffer);
    const original = unpack(fields.get("original") ?? Buffer.alloc(0));
    const record = Object.fromEntries([...fields].map(([name, value]) => [name, value.toString()]));
    return { record, original };
  });
}

/** Reads `length:bytes,` after `length:bytes,`. */
function unpack(packed: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < packed.length; ) {
    const colon = packed.indexOf(":", at);
    const end = colon + 1 + Number(packed.subarray(at, colon).toString());
    expect(packed[end]).toBe(",".charCodeAt(0));
    parts.push(packed.subarray(colon + 1, end));
    at = end + 1;
  }
  return parts;
}

/** Adds the entry and then a good message, and waits until both are settled. */
async function consume(entry: readonly (string | Buffer)[], options: MessagingOptions = {}): Promise<number[]> {
  await using messaging = createService(redis, options);
  const seen: number[] = [];
  onUserCreated(messaging, (event) => void seen.push(event.entity_id));
  const entryId = await admin.xadd("events", "*", ...(entry as string[]));
  await messaging.start();
  await publishUserCreated(messaging, { entity_id: 7, after_data: { email: "ada@example.com" } });
  await eventually(() => seen.length === 1 && messaging.counts.deadLettered === 1);
  await eventually(
    () => admin.xpending("events", group) as Promise<[number]>,
    ([count]) => count === 0,
  );
  expect((await deadLetters()).at(-1)?.record["entry_id"]).toBe(entryId);
  return seen;
}

describe("an entry that is no message", () => {
  it.each<[string, readonly string[], string, RegExp]>([
    ["junk", ["junk", "1", "more", "junk"], "ENTRY_UNREADABLE", /no field names a message type/],
    ["an empty type", ["event_type", "", "json", "{}"], "ENTRY_UNREADABLE", /no field names/],
    ["a broken field", withField("after_data", "{broken"), "ENTRY_UNREADABLE", /after_data is not valid JSON/],
    ["broken JSON", ["message_type", "user.created", "json", '{"id":'], "ENTRY_UNREADABLE", /json is not valid JSON/],
    ["a list", ["message_type", "user.created", "json", "[]"], "ENTRY_UNREADABLE", /must hold a JSON object/],
    ["another schema", withField("entity_id", "twelve"), "CONTRACT_VIOLATED", /entity_id must be a whole number/],
    ["nothing but its type", ["event_type", "user.created"], "CONTRACT_VIOLATED", /is required/],
    [
      "ten megabytes",
      ["message_type", "user.created", "json", `{"id": "${"x".repeat(10_000_000)}`],
      "ENTRY_UNREADABLE",
      /10000008 characters/,
    ],
    [
      "thousands of fields",
      ["event_type", "user.created", ...Array.from({ length: 10_000 }, (_, at) => `f${at}`)],
      "CONTRACT_VIOLATED",
      /is required/,
    ],
  ])("is kept, whole, with its reason, and the consumer goes on: %s", async (_, entry, reason, text) => {
    expect(await consume(entry, { maxMessageBytes: 20_000_000 })).toEqual([7]);
    const [letter, ...more] = await deadLetters();
    expect(more).toEqual([]);
    expect(letter?.record).toMatchObject({
      stream: "events",
      group,
      consumer: expect.stringMatching(/^test-service-/),
      service: "test-service",
      attempts: "1",
      reason,
      failed_at: expect.stringMatching(/Z$/),
    });
    const errors = JSON.parse(letter?.record["errors"] ?? "") as { code: string; message: string }[];
    expect(errors).toEqual([expect.objectContaining({ code: reason, message: expect.stringMatching(text) })]);
    expect(letter?.original.map(String)).toEqual(entry);
  });

  it("is kept byte by byte, though its bytes are no text", async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 0x80, 0x0a, 0x3a, 0x2c, 0xc3]);
    const entry = [Buffer.from("junk"), bytes, bytes, Buffer.from("x"), Buffer.from("empty"), Buffer.alloc(0)];
    await consume(entry);
    expect((await deadLetters())[0]?.original).toEqual(entry);
  });

  it.each<Encoding>(["fields", "json"])("can be found by what it still tells, as %s", async (encoding) => {
    const message = exampleUserCreated();
    const entry = good(encoding).map((text) => text.replace('"user"', '"usr"').replace(/^user$/, "usr"));
    await consume(entry);
    expect((await deadLetters())[0]?.record).toMatchObject({
      type: "user.created",
      message_id: message.id,
      correlation_id: message.correlation_id,
    });
  });

  it("is told once: as an error in the log, to the hook, and to nobody else", async () => {
    const logger = logBook();
    const told: unknown[] = [];
    await consume(["junk", "1"], { logger, hooks: { deadLettered: (info) => void told.push(info) } });
    expect(told).toEqual([expect.objectContaining({ stream: "events", group, attempt: 1, error: expect.any(Error) })]);
    const errors = logger.lines.filter(({ level }) => level === "error");
    expect(errors.map(({ text }) => text)).toEqual(["an entry was moved to the dead letters"]);
  });

  it("does not put what is sensitive into its reason or the log", async () => {
    const logger = logBook();
    const secret = "+49 30 hunter2";
    await consume(withField("after_data", `{"email": "ada@example.com", "phone": ["${secret}"]}`), { logger });
    await consume(withField("after_data", `{"phone": "${secret}"`), { logger });
    const letters = await deadLetters();
    expect(letters).toHaveLength(2);
    for (const { record, original } of letters) {
      expect(original.join()).toContain(secret);
      expect(record["errors"]).not.toContain(secret);
    }
    expect(logger.text).toContain("dead letters");
    expect(logger.text).not.toContain(secret);
  });

  it("on the health stream, where entries carry no type, is one that breaks the contract", async () => {
    await using messaging = createService(redis);
    onHealthReport(messaging, () => {});
    await admin.xadd("health", "*", "junk", "1");
    await messaging.start();
    await eventually(() => messaging.counts.deadLettered === 1);
    await eventually(async () => (await deadLetters("health")).length === 1);
    expect((await deadLetters("health"))[0]?.record["reason"]).toBe("CONTRACT_VIOLATED");
  });

  it("is each group's own affair", async () => {
    await using reader = createService(redis, { service: "reader" });
    await using ignorant = createService(redis, { service: "ignorant" });
    onUserCreated(reader, () => {});
    ignorant.on("role.*", () => {});
    await admin.xadd("events", "*", ...withField("entity_id", "twelve"));
    await Promise.all([reader.start(), ignorant.start()]);
    await eventually(() => reader.counts.deadLettered === 1 && ignorant.counts.skipped === 1);
    await eventually(async () => (await deadLetters()).length === 1);
    expect((await deadLetters()).map(({ record }) => record["group"])).toEqual(["reader-workers"]);
  });

  it("is left alone when an operator has given it to another consumer meanwhile", async () => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    await using messaging = createService(redis, { maxRetries: 0 });
    let running = 0;
    onUserCreated(messaging, async () => {
      running++;
      await opened;
      throw new Error("for good");
    });
    const id = (await admin.xadd("events", "*", ...good("fields"))) as string;
    await messaging.start();
    await eventually(() => running === 1);
    await admin.xclaim("events", group, "other", 0, id, "JUSTID");
    open();

    await eventually(() => messaging.counts.dropped + messaging.counts.deadLettered === 1);
    expect(messaging.counts.dropped).toBe(1);
    expect(await deadLetters()).toEqual([]);
    const [[pendingId, owner] = []] = (await admin.xpending("events", group, "-", "+", 1)) as [string, string][];
    expect([pendingId, owner]).toEqual([id, "other"]);
  });

  it("that was deleted while it was pending is acknowledged", async () => {
    await using messaging = createService(redis, { concurrency: 1 });
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    onUserCreated(messaging, () => opened);
    const ids = [
      await admin.xadd("events", "*", ...good("fields")),
      await admin.xadd("events", "*", ...good("fields")),
    ];
    await messaging.start();
    await eventually(
      () => admin.xpending("events", group) as Promise<[number]>,
      ([count]) => count === 2,
    );
    await admin.xdel("events", ...(ids as string[]));
    open();
    await eventually(
      () => admin.xpending("events", group) as Promise<[number]>,
      ([count]) => count === 0,
    );
    expect(messaging.counts.deadLettered).toBe(0);
  });
});
