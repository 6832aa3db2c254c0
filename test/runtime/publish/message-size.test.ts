import { afterEach, describe, expect, it } from "vitest";
import {
  handleValidateToken,
  MessageTooLargeError,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  sendValidateToken,
  userCreated,
  validateToken,
} from "../../../generated/index.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

const user = (text: string) => ({ entity_id: 1, after_data: { email: "ada@example.com" }, metadata: { text } });
const bytesOf = (entry: readonly string[]): number => Buffer.byteLength(entry.join(""));

/** Publishes a message to know how many bytes its entry has. */
async function sizeOf(text: string, encoding: "fields" | "json"): Promise<number> {
  await using messaging = createService(redis, { encoding, maxMessageBytes: 10_000_000 });
  const { entryId } = (await publishUserCreated(messaging, user(text))) as { entryId: string };
  const [[, entry] = ["", []]] = await admin.xrange("events", entryId, entryId);
  await admin.del("events");
  return bytesOf(entry);
}

describe.each(["fields", "json"] as const)("a message in the encoding %s", (encoding) => {
  // Three bytes a character, six for one that JSON escapes, one.
  it.each(["\u20ac", "\u0001", "a"])(
    "of %j may have as many bytes as is allowed, and not one more",
    async (character) => {
      const text = character.repeat(1000);
      const size = await sizeOf(text, encoding);
      await using exact = createService(redis, { encoding, maxMessageBytes: size });
      await publishUserCreated(exact, user(text));
      await exact.publishAll(userCreated, [user(text), user("")]);
      expect(await admin.xlen("events")).toBe(3);

      const failures: unknown[] = [];
      const hooks = { publishFailed: ({ error }: { error: unknown }) => failures.push(error) };
      await using less = createService(redis, { encoding, maxMessageBytes: size - 1, hooks });
      const error = { code: "MESSAGE_TOO_LARGE", retryable: false, bytes: size, maxBytes: size - 1 };
      await expect(publishUserCreated(less, user(text))).rejects.toMatchObject({
        ...error,
        message: expect.stringMatching(/^user\.created has \d+ bytes, and MESSAGE_MAX_BYTES is \d+: store its content/),
      });
      // Nothing of a list is sent, wherever the large one stands.
      await expect(less.publishAll(userCreated, [user(""), user(text)])).rejects.toMatchObject({
        ...error,
        message: expect.stringMatching(/^\[1\]: user\.created has/),
      });
      expect(await admin.xlen("events")).toBe(3);
      expect(failures).toEqual([expect.any(MessageTooLargeError), expect.any(MessageTooLargeError)]);
    },
  );

  it("may have a mebibyte by default", async () => {
    await using messaging = createService(redis, { encoding });
    await publishUserCreated(messaging, user("a".repeat(1_047_000)));
    await expect(publishUserCreated(messaging, user("a".repeat(1_049_000)))).rejects.toThrow(MessageTooLargeError);
  });
});

describe("a message that is too large", () => {
  const text = "a".repeat(2000);

  it("is no more sent, told or notified", async () => {
    await using messaging = createService(redis, { maxMessageBytes: 1500 });
    const notification = { title: "Saved", message: text };
    await expect(sendValidateToken(messaging, { token: text })).rejects.toThrow(MessageTooLargeError);
    await expect(messaging.tell(validateToken, { token: text })).rejects.toThrow(MessageTooLargeError);
    await expect(notifySuccess(messaging, notification)).rejects.toThrow(MessageTooLargeError);
    expect(await admin.exists("commands", "notifications")).toBe(0);
  });

  it("is answered as a failure that says so, where it is an answer", async () => {
    const service = "user-auth-service";
    await using answering = createService(redis, { service, maxMessageBytes: 1500 });
    handleValidateToken(answering, () => ({ valid: true, roles: [text] }));
    await answering.start();
    await using asker = createService(redis, { service: "api-gateway" });
    await expect(asker.send(validateToken, { token: "t" })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "MESSAGE_TOO_LARGE",
      message: expect.stringMatching(/^the answer to validate_token has \d+ bytes, and MESSAGE_MAX_BYTES is 1500/),
    });
    await eventually(async () => ((await admin.xpending("commands", `${service}-workers`)) as [number])[0] === 0);
    expect(await admin.exists("{commands}:dead")).toBe(0);
  });
});

it("a key counts as part of the message, and a reader of the same limit takes what may be published", async () => {
  const size = await sizeOf("a", "json");
  const key = "customer 7";
  await using exact = createService(redis, {
    encoding: "json",
    maxMessageBytes: size + "merp_key".length + key.length,
  });
  const handled: number[] = [];
  onUserCreated(exact, ({ entity_id }) => void handled.push(entity_id));
  await exact.start();
  await publishUserCreated(exact, user("a"), { key });
  await eventually(() => expect(handled).toEqual([1]));
  await expect(publishUserCreated(exact, user("a"), { key: `${key}7` })).rejects.toMatchObject({
    code: "MESSAGE_TOO_LARGE",
    message: expect.stringMatching(/^user\.created with its key has /),
  });
});
