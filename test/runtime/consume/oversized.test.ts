import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import {
  type Encoding,
  handleValidateToken,
  onUserCreated,
  publishUserCreated,
  sendValidateToken,
} from "../../../generated/index.js";
import { paddedId } from "../../../runtime/broker/entry-id.js";
import { eventually } from "../../support/eventually.js";
import { group, keys, large, MIB, sizeOf, useLargeEntries } from "../../support/large-entries.js";
import { createService, logBook } from "../../support/service.js";
import { fillEvents } from "../../support/stream.js";

const { redis, admin, start, letters, oneLetter, settled, add } = await useLargeEntries();
afterEach(() => admin.flushall());

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
