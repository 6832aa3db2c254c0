import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import {
  type Encoding,
  handleValidateToken,
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  publishUserCreated,
  sendValidateToken,
  userCreated,
} from "../../../generated/index.js";
import { exampleUserCreated } from "../../../generated/testing.js";
import { paddedId } from "../../../runtime/broker/entry-id.js";
import { bytesOf } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { type DeadLetter, Operations } from "../../../runtime/operations/index.js";
import { streamKeys } from "../../../runtime/redis/keys.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService, logBook } from "../../support/service.js";
import { fillEvents, pendingEvents } from "../../support/stream.js";

const group = "test-service-workers";
const keys = streamKeys("events", group);
const MIB = 1024 * 1024;

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

/** A valid entry with so much text more than others have. */
function large(encoding: Encoding, length = 5 * MIB, change: object = {}): string[] {
  const message = { ...exampleUserCreated({ entity_id: 99 }), ...change, metadata: { text: "x".repeat(length) } };
  return contractOf(userCreated).write(message, encoding);
}
const sizeOf = (entry: readonly string[]): number => bytesOf(entry, 0);
const add = async (entry: readonly string[]): Promise<string> => (await admin.xadd("events", "*", ...entry)) as string;

interface Seen {
  readonly messaging: Messaging;
  readonly entities: number[];
}
async function start(options: MessagingOptions = {}): Promise<Seen> {
  const messaging = createService(redis, { ...options });
  onTestFinished(() => messaging.close());
  const entities: number[] = [];
  onUserCreated(messaging, ({ entity_id }) => void entities.push(entity_id));
  await messaging.start();
  return { messaging, entities };
}

function operator(maxMessageBytes = MIB): Operations {
  const operations = new Operations({ env: {}, redis: { url: redis.url }, maxMessageBytes });
  onTestFinished(() => operations[Symbol.asyncDispose]());
  return operations;
}
async function letters(state: "open" | "any" = "open"): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const letter of operator().deadLetters.list("events", { state })) found.push(letter);
  return found;
}
const oneLetter = async (): Promise<DeadLetter> =>
  (await eventually(letters, ({ length }) => length === 1))[0] as DeadLetter;
const settled = (): Promise<unknown> =>
  eventually(
    () => pendingEvents(admin, group),
    (count) => count === 0,
  );

describe("an entry that is larger than a message may be", () => {
  it.each<Encoding>(["fields", "json"])(
    "ends as a dead letter that refers to it, and holds up nothing (%s)",
    async (encoding) => {
      await fillEvents(admin, 20);
      const entry = large(encoding);
      const id = await add(entry);
      await fillEvents(admin, 20);
      const { messaging, entities } = await start();
      await eventually(() => entities.length === 40);
      const letter = await oneLetter();
      await settled();

      expect(entities).not.toContain(99);
      expect(letter).toMatchObject({
        ...{ stream: "events", entryId: id, type: "user.created", attempts: 1, reason: "MESSAGE_TOO_LARGE" },
        ...{ original: [], keptBytes: sizeOf(entry), errors: [{ code: "MESSAGE_TOO_LARGE" }] },
      });
      expect(letter).not.toHaveProperty("problem");
      expect(letter.errors[0]?.message).toBe(
        `user.created has ${sizeOf(entry)} bytes, and MESSAGE_MAX_BYTES is ${MIB}: it was left in its stream; raise that setting in every service that reads it, and redrive it`,
      );
      expect(await admin.xrange("events", id, id)).toEqual([[id, entry]]);
      expect(await admin.zrange(keys.oversized, "0", "-1")).toEqual([paddedId(id) + paddedId(letter.id)]);
      expect(messaging.counts).toMatchObject({ deadLettered: 1, retried: 0 });
    },
  );

  it("has exactly the size that may be published, or one byte more", async () => {
    const entry = large("fields", 1000);
    const { messaging, entities } = await start({ maxMessageBytes: sizeOf(entry) });
    await add(entry);
    await eventually(() => entities.length === 1);
    await add(large("fields", 1001));
    await eventually(() => messaging.counts.deadLettered === 1);
    expect(entities).toEqual([99]);
  });

  it("is acknowledged as any other where nobody handles its type", async () => {
    const { messaging } = await start();
    await add(["event_type", "user.unheard_of", "text", "x".repeat(2 * MIB)]);
    await add(["text", "x".repeat(2 * MIB), "event_type", "user.unheard_of"]);
    await eventually(() => messaging.counts.skipped === 2);
    await settled();
    expect(await letters()).toEqual([]);
  });

  it("is skipped where what is known of it says that it is for none of the handlers, and else is not", async () => {
    const messaging = createService(redis);
    onTestFinished(() => messaging.close());
    onUserCreated(messaging, () => {}, { source_service: "hr" });
    await messaging.start();
    await add(large("fields", 2 * MIB, { source_service: "crm" }));
    await eventually(() => messaging.counts.skipped === 1);
    // In this encoding nothing but the type is known before all is decoded.
    await add(large("json", 2 * MIB, { source_service: "crm" }));
    expect(await oneLetter()).toMatchObject({ type: "user.created" });
  });

  it("that names no type ends as a dead letter, too", async () => {
    await start();
    await add(["text", "x".repeat(2 * MIB)]);
    await add(Array.from({ length: 4000 }, (_, at) => `${at}`.padEnd(300, "x")));
    const found = await eventually(letters, ({ length }) => length === 2);
    expect(found.map(({ reason, type }) => [reason, type])).toEqual(Array(2).fill(["MESSAGE_TOO_LARGE", undefined]));
    expect(found[0]?.errors[0]?.message).toMatch(/^an entry without a known type has 2097156 bytes/);
  });

  it("that is a command is answered, if its sender waits", async () => {
    const sender = createService(redis, { service: "asker", maxMessageBytes: 10 * MIB });
    const service = createService(redis, { service: "user-auth-service" });
    onTestFinished(async () => void (await Promise.all([sender.close(), service.close()])));
    handleValidateToken(service, () => ({ valid: true }));
    await service.start();
    const token = "x".repeat(2 * MIB);
    await expect(sendValidateToken(sender, { token })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "MESSAGE_TOO_LARGE",
    });
  });

  it("is taken over by its id from a process that died before it was a dead letter", async () => {
    await admin.xgroup("CREATE", "events", group, "0", "MKSTREAM");
    await fillEvents(admin, 3);
    await add(large("fields"));
    await admin.xreadgroup("GROUP", group, "dead", "STREAMS", "events", ">");
    await admin.zadd(keys.alive, 1, "dead");
    const { entities } = await start({ leaseSeconds: 0.5 });
    await eventually(() => entities.length === 3);
    expect(await oneLetter()).toMatchObject({ reason: "MESSAGE_TOO_LARGE", original: [] });
    await settled();
  });

  it("keeps its place in the order of its entity", async () => {
    const { entities, messaging } = await start({ order: "entity" });
    await fillEvents(admin, 99);
    await add(large("fields"));
    await fillEvents(admin, 99);
    await eventually(() => entities.length === 198 && messaging.counts.deadLettered === 1);
    await settled();
  });
});

describe("a dead letter that refers to its entry", () => {
  it("is redriven when the limit is raised, and refused before", async () => {
    const { messaging } = await start();
    const entry = large("fields");
    await add(entry);
    const { id } = await oneLetter();
    await messaging.close();

    const advice = `raise it here and in every service of the group ${group}, and redrive it`;
    await expect(operator().deadLetters.redrive("events", id)).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      message: `the entry of dead letter ${id} in ${keys.dead} has ${sizeOf(entry)} bytes, and MESSAGE_MAX_BYTES is ${MIB}: ${advice}`,
    });
    expect(await operator().deadLetters.redriveAll("events")).toBe(0);
    expect(await operator(6 * MIB).deadLetters.redriveAll("events")).toBe(1);
    expect(await letters("any")).toMatchObject([{ id, state: { state: "redriven" } }]);
    const { entities } = await start({ maxMessageBytes: 6 * MIB });
    await eventually(() => entities.length === 1);
    expect(entities).toEqual([99]);
  });

  it("that is redriven to a service with a smaller limit refers to the entry where it is then", async () => {
    await start();
    const id = await add(large("json"));
    const first = await oneLetter();
    expect(first.entryId).toBe(id);
    await operator(6 * MIB).deadLetters.redrive("events", first.id);
    const second = await oneLetter();
    expect(second).toMatchObject({ stream: keys.redrive, reason: "MESSAGE_TOO_LARGE", keptBytes: first.keptBytes });
    expect(await admin.zcard(`${keys.redrive}:oversized`)).toBe(1);

    // It would never end if it redrove what it makes.
    expect(await operator(6 * MIB).deadLetters.redriveAll("events")).toBe(1);
    expect(await oneLetter()).toMatchObject({ stream: keys.redrive });
  });

  it("whose entry was removed by others says so", async () => {
    await start();
    const entryId = await add(large("fields"));
    const { id } = await oneLetter();
    await admin.xdel("events", entryId);
    await expect(operator(6 * MIB).deadLetters.redrive("events", id)).rejects.toMatchObject({
      code: "DEAD_LETTER_MISSING",
      message: expect.stringMatching(`its entry ${entryId} is not in events any more`),
    });
    expect(await operator(6 * MIB).deadLetters.redriveAll("events")).toBe(0);
    expect(await operator().deadLetters.discard("events", id, "gone")).toMatchObject({ state: "discarded" });
  });

  it("that others wrote names no stream of another kind", async () => {
    const secret = await admin.xadd("secrets", "*", "name", "value");
    const record = ["group", group, "stream", "secrets", "entry_id", secret as string, "kept_bytes", "9"];
    const id = await admin.xadd(keys.dead, "*", ...record);
    await expect(operator().deadLetters.redrive("events", id as string)).rejects.toMatchObject({
      code: "DEAD_LETTER_MISSING",
    });
  });
});

it("what is too large is logged with its size, and without its content", async () => {
  const logger = logBook();
  const messaging = createService(redis, { logger });
  onTestFinished(() => messaging.close());
  onUserCreated(messaging, () => {});
  await messaging.start();
  await add(large("fields"));
  await publishUserCreated(messaging, { entity_id: 1, after_data: { email: "ada@example.com" } });
  await eventually(() => messaging.counts.handled === 1 && messaging.counts.deadLettered === 1);
  expect(logger.text).toMatch(/MESSAGE_MAX_BYTES is 1048576/);
  expect(logger.text).not.toMatch(/xxxx/);
});
