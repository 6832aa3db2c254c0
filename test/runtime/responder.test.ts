import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { MessagingOptions } from "../../generated/index.js";
import {
  type CommandHandler,
  CommandTimeoutError,
  createUser,
  type Encoding,
  handleCreateUser,
  handleValidateToken,
  sendCreateUser,
  sendValidateToken,
  type ValidateToken,
  type ValidateTokenResult,
} from "../../generated/index.js";
import { fieldOf } from "../../runtime/codec.js";
import { contractOf } from "../../runtime/contract.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

const service = "user-auth-service";
const group = `${service}-workers`;
const encodings: readonly Encoding[] = ["fields", "json"];

let redis: RedisServer;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterEach(() => admin.flushall());
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

type TokenHandler = CommandHandler<ValidateToken, ValidateTokenResult>;

/** A started service that validates tokens. */
async function tokenService(handler: TokenHandler, options: MessagingOptions = {}): Promise<ReturnType<typeof asking>> {
  const messaging = createService(redis, { service, ...options });
  handleValidateToken(messaging, handler);
  await messaging.start();
  return messaging;
}

const asking = (options: MessagingOptions = {}): ReturnType<typeof createService> =>
  createService(redis, { service: "api-gateway", ...options });

async function pending(): Promise<number> {
  const [count] = (await admin.xpending("commands", group)) as [number];
  return count;
}

describe.each(encodings)("a command, as %s", (encoding) => {
  it("runs at its one service, and its result comes back", async () => {
    const commands: ValidateToken[] = [];
    await using _answering = await tokenService((command) => {
      commands.push(command);
      return { valid: command.payload.token === "good", roles: ["accountant"] };
    });
    await using asker = asking({ encoding });
    const result: ValidateTokenResult = await sendValidateToken(asker, { token: "good" });
    expect(result).toEqual({ valid: true, roles: ["accountant"] });
    expect(commands).toEqual([
      expect.objectContaining({
        source_service: "api-gateway",
        target_service: service,
        command_type: "validate_token",
        payload: { token: "good" },
        timeout: 30,
        reply_to: expect.stringMatching(/^api-gateway-responses:/),
      }),
    ]);
    await eventually(pending, (count) => count === 0);
  });

  it("whose handler throws fails at once with its text and code, and is not tried again", async () => {
    let runs = 0;
    await using _answering = await tokenService(() => {
      runs += 1;
      throw Object.assign(new Error("the key store is away"), { code: "E_KEYS" });
    });
    await using asker = asking({ encoding });
    await expect(sendValidateToken(asker, { token: "t" })).rejects.toMatchObject({
      name: "CommandFailedError",
      code: "COMMAND_FAILED",
      errorCode: "E_KEYS",
      message: "the key store is away",
    });
    await eventually(pending, (count) => count === 0);
    expect(runs).toBe(1);
    expect(await admin.exists("{commands}:dead")).toBe(0);
  });

  it("that its service does not know is answered so, and for another service is left alone", async () => {
    await using answering = await tokenService(() => ({ valid: true }));
    await using asker = asking({ encoding });
    await expect(sendCreateUser(asker, { email: "a@b.cd" })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "COMMAND_UNKNOWN",
      message: "no handler for create_user here",
    });
    const elsewhere = { targetService: "other", timeoutSeconds: 1 };
    await expect(sendCreateUser(asker, { email: "a@b.cd" }, elsewhere)).rejects.toThrow(CommandTimeoutError);
    await expect(sendValidateToken(asker, { token: "t" }, elsewhere)).rejects.toThrow(CommandTimeoutError);
    await eventually(pending, (count) => count === 0);
    expect(answering.counts).toMatchObject({ handled: 0, skipped: 3 });
  });

  it("whose payload breaks its contract on the way is answered so, and kept", async () => {
    await using answering = createService(redis, { service });
    handleCreateUser(answering, () => ({ user_id: 1 }));
    await answering.start();
    // A sender with an older contract, in which everything was allowed.
    const lax = {
      ...createUser,
      schema: { ...createUser.schema, properties: { ...createUser.schema.properties, payload: {} } },
    };
    await using asker = asking({ encoding });
    await expect(asker.send(lax, { email: "no address" })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "CONTRACT_VIOLATED",
      message: expect.stringMatching(/payload\.email must be an email address$/),
    });
    await eventually(
      () => admin.xlen("{commands}:dead"),
      (length) => length === 1,
    );
  });
});

describe("a handler's result", () => {
  it("that breaks its contract is a failure that says how", async () => {
    await using _answering = await tokenService(() => ({ valid: "yes", extra: 1 }) as unknown as ValidateTokenResult);
    await using asker = asking();
    await expect(sendValidateToken(asker, { token: "t" })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "RESULT_INVALID",
      message: expect.stringMatching(/(?=.*valid must be true or false, got "yes")(?=.*extra is not in the contract)/),
    });
  });

  it("of another service that breaks it is a ContractError at the sender", async () => {
    await using asker = asking();
    const listener = new Redis(redis.url);
    const question = sendValidateToken(asker, { token: "t" });
    const settled = expect(question).rejects.toMatchObject({ code: "CONTRACT_VIOLATED", reading: true });
    const [entry] = await eventually(
      () => listener.xrange("commands", "-", "+"),
      (entries) => entries.length === 1,
    );
    const fields = entry?.[1] ?? [];
    const answer = {
      command_id: fieldOf(fields, "id"),
      success: true,
      result: { valid: "yes" },
      timestamp: "2026-01-01",
    };
    await listener.publish(fieldOf(fields, "reply_to") ?? "", JSON.stringify(answer));
    await settled;
    listener.disconnect();
  });
});

describe("a command that comes again", () => {
  const command = (timeout: number): string[] =>
    contractOf(createUser).write(
      contractOf(createUser).compose(
        { payload: { email: "a@b.cd" }, reply_to: "answers", timeout },
        { id: "0c352b96-8628-4933-bfaf-959ce68e851e", timestamp: "2026-01-01T00:00:00Z", source_service: "s" },
      ),
      "fields",
    );

  it("is not run again when its answer is stored: the answer is sent again", async () => {
    const answers: string[] = [];
    const listener = new Redis(redis.url);
    listener.on("message", (_channel, payload) => answers.push(payload));
    await listener.subscribe("answers");
    await using answering = createService(redis, { service, concurrency: 1 });
    let runs = 0;
    handleCreateUser(answering, () => ({ user_id: ++runs }));
    await answering.start();
    await admin.xadd("commands", "*", ...command(30));
    await admin.xadd("commands", "*", ...command(30));
    await eventually(() => answers.length === 2);
    expect(runs).toBe(1);
    expect(JSON.parse(answers[0] ?? "")).toMatchObject({ success: true, result: { user_id: 1 } });
    expect(answers[1]).toBe(answers[0]);
    await eventually(pending, (count) => count === 0);
    listener.disconnect();
  });

  it("is not run when its sender has given up", async () => {
    await admin.xadd("commands", `${Date.now() - 5000}-0`, ...command(1));
    await using answering = createService(redis, { service });
    let runs = 0;
    handleCreateUser(answering, () => ({ user_id: ++runs }));
    await answering.start();
    await eventually(() => answering.counts.commandExpired === 1);
    await eventually(pending, (count) => count === 0);
    expect(runs).toBe(0);
  });

  it("for which nobody waits is retried like an event", async () => {
    const entry = command(30).map((text) => (text === "answers" ? "" : text));
    await admin.xadd("commands", "*", ...entry);
    await using answering = createService(redis, { service, retryDelaySeconds: 0.01 });
    const attempts: number[] = [];
    handleCreateUser(answering, (_command, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error("not yet");
      return { user_id: 1 };
    });
    await answering.start();
    await eventually(() => answering.counts.handled === 1);
    expect(attempts).toEqual([1, 2, 3]);
  });
});

describe("the handler of a command", () => {
  it("is the only one: a second is a conflict", () => {
    const messaging = createService(redis);
    handleValidateToken(messaging, () => ({ valid: true }));
    const conflict = expect.objectContaining({ name: "ConfigError", code: "HANDLER_CONFLICT" });
    expect(() => handleValidateToken(messaging, () => ({ valid: true }))).toThrow(conflict);
  });
});
