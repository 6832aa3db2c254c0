import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import type { MessagingOptions } from "../../../generated/index.js";
import {
  type CommandHandler,
  CommandTimeoutError,
  createUser,
  type Encoding,
  handleCreateUser,
  handleHealthCheck,
  handleValidateToken,
  sendCreateUser,
  sendHealthCheck,
  sendValidateToken,
  type ValidateToken,
  type ValidateTokenResult,
} from "../../../generated/index.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { contractOf } from "../../../runtime/contract/contract.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { swiftly } from "../../support/swiftly.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const service = "user-auth-service";
const group = `${service}-workers`;
const encodings: readonly Encoding[] = ["fields", "json"];

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

type TokenHandler = CommandHandler<ValidateToken, ValidateTokenResult>;

type UserHandler = Parameters<typeof handleCreateUser>[1];
type Service = ReturnType<typeof createService>;

async function started(register: (messaging: Service) => void, options: MessagingOptions): Promise<Service> {
  const messaging = createService(redis, { service, ...options });
  register(messaging);
  await messaging.start();
  return messaging;
}

/** A started service that validates tokens. */
const tokenService = (handler: TokenHandler, options: MessagingOptions = {}): Promise<Service> =>
  started((messaging) => handleValidateToken(messaging, handler), options);

/** A started service that creates users. */
const userService = (handler: UserHandler, options: MessagingOptions = {}): Promise<Service> =>
  started((messaging) => handleCreateUser(messaging, handler), options);

const asking = (options: MessagingOptions = {}): Service =>
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
        metadata: { sent: "once" },
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
    await using _answering = await userService(() => ({ user_id: 1 }));
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

  it.each<[string, unknown]>([
    ["holds a number that would be another one", 2 ** 60],
    ["cannot be written", 7n],
  ])("that %s is a failure that says so, at once", async (_, serial) => {
    const answer = (): { status: "healthy"; details: Record<string, unknown> } => ({
      status: "healthy",
      details: { serial },
    });
    await using _answering = await started((messaging) => handleHealthCheck(messaging, answer), {});
    await using asker = asking();
    await expect(sendHealthCheck(asker, {}, { targetService: service })).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      errorCode: "RESULT_INVALID",
      message: expect.stringMatching(/^the handler of health_check returned a result that cannot be written: /),
    });
  });

  it.each([
    ["breaks it is a ContractError", '{"valid":"yes"}', { code: "CONTRACT_VIOLATED", reading: true }],
    [
      "has a number that would become another one is a DecodeError",
      '{"valid":true,"undeclared":[9007199254740993]}',
      {
        code: "ENTRY_UNREADABLE",
        message: expect.stringContaining("result.undeclared[0] is a number that JavaScript"),
      },
    ],
  ])("of another service that %s at the sender", async (_, result, error) => {
    await using asker = asking();
    const listener = new Redis(redis.url);
    const question = sendValidateToken(asker, { token: "t" });
    const settled = expect(question).rejects.toMatchObject(error);
    const [entry] = await eventually(
      () => listener.xrange("commands", "-", "+"),
      (entries) => entries.length === 1,
    );
    const fields = entry?.[1] ?? [];
    const answer = `{"command_id":"${fieldOf(fields, "id")}","success":true,"result":${result},"timestamp":"2026-01-01"}`;
    await listener.publish(fieldOf(fields, "reply_to") ?? "", answer);
    await settled;
    listener.disconnect();
  });
});

const COMMAND_ID = "0c352b96-8628-4933-bfaf-959ce68e851e";
/** Where the service `s` may have its answers sent. */
const ANSWERS = "s-responses:1";
const ANSWER_KEY = `{commands}:answer:${COMMAND_ID}`;

interface Entry {
  readonly reply_to?: string;
  readonly metadata?: object;
  readonly at?: number;
}

/** A `create_user` command as it stands in its stream, with one id for each `at`. */
function createUserEntry(timeout: number, { reply_to = ANSWERS, metadata, at = 1 }: Entry = {}): string[] {
  const contract = contractOf(createUser);
  const filled = { id: COMMAND_ID.replace(/1.$/, `${at}e`), timestamp: "2026-01-01T00:00:00Z", source_service: "s" };
  return contract.write(
    contract.compose({ payload: { email: "a@b.cd" }, reply_to, timeout, metadata }, filled),
    "fields",
  );
}

/** What is answered on a channel. */
async function answersOn(channel: string): Promise<AsyncDisposable & { readonly all: readonly string[] }> {
  const all: string[] = [];
  const listener = new Redis(redis.url);
  listener.on("message", (_channel, payload) => all.push(payload));
  await listener.subscribe(channel);
  return { all, [Symbol.asyncDispose]: async () => listener.disconnect() };
}

describe("a command that comes again", () => {
  it("is not run again when its answer is stored: the answer is sent again", async () => {
    await using answers = await answersOn(ANSWERS);
    let runs = 0;
    await using _answering = await userService(() => ({ user_id: ++runs }), { concurrency: 1 });
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(() => answers.all.length === 2);
    expect(runs).toBe(1);
    expect(JSON.parse(answers.all[0] ?? "")).toMatchObject({ success: true, result: { user_id: 1 } });
    expect(answers.all[1]).toBe(answers.all[0]);
    await eventually(pending, (count) => count === 0);
  });

  it.each([
    ["whoever may ask for its size", "+@all"],
    ["whoever may not", "-strlen"],
  ])("is not run again when its answer is too large, which its sender is told, by %s", async (_, right) => {
    await admin.acl("SETUSER", "answering", "on", ">secret", "~*", "&*", "+@all", right);
    await using answers = await answersOn(ANSWERS);
    await admin.set(ANSWER_KEY, "x".repeat(5001));
    const url = redis.url.replace("redis://", "redis://answering:secret@");
    await using answering = createService({ url }, { service, maxMessageBytes: 5000 });
    let runs = 0;
    handleCreateUser(answering, () => ({ user_id: ++runs }));
    await answering.start();
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(() => answers.all.length === 1);
    expect(JSON.parse(answers.all[0] ?? "")).toMatchObject({
      success: false,
      error: expect.stringMatching(
        /^the stored answer to create_user has 5001 bytes, and MESSAGE_MAX_BYTES is 5000: .*; the command has run$/,
      ),
      error_code: "MESSAGE_TOO_LARGE",
    });
    // Whoever has a larger limit can read it.
    expect(await admin.get(ANSWER_KEY)).toBe("x".repeat(5001));
    expect(runs).toBe(0);
    await eventually(pending, (count) => count === 0);
  });

  it.each([{}, { sent: "once" }])("is not run when its sender has given up (metadata: %j)", async (metadata) => {
    await admin.xadd("commands", `${Date.now() - 5000}-0`, ...createUserEntry(1, { metadata }));
    let runs = 0;
    await using answering = await userService(() => ({ user_id: ++runs }));
    await eventually(() => answering.counts.commandExpired === 1);
    await eventually(pending, (count) => count === 0);
    expect(runs).toBe(0);
  });

  it("is not given up while nobody can look whether it was answered, however few retries there are", async () => {
    const troubles: string[] = [];
    const hooks = { trouble: ({ what }: { what: string }) => void troubles.push(what) };
    // Old enough to be looked for.
    const added = Date.now() - 5000;
    for (const at of [1, 2]) await admin.xadd("commands", `${added}-${at}`, ...createUserEntry(30, { at }));
    let runs = 0;
    const handler: UserHandler = async () => {
      // From here on it is a replica, which takes no writes.
      if (++runs === 1) await admin.replicaof("127.0.0.1", "1");
      return { user_id: runs };
    };
    await using answering = await userService(handler, { concurrency: 1, maxRetries: 0, hooks });
    await eventually(() => troubles.includes("looking for an answer"));
    await admin.replicaof("NO", "ONE");
    await eventually(() => answering.counts.handled === 2);
    await eventually(pending, (count) => count === 0);
    expect([runs, answering.counts.deadLettered]).toEqual([2, 0]);
  });

  it("for which nobody waits is retried like an event", async () => {
    await admin.xadd("commands", "*", ...createUserEntry(30).map((text) => (text === ANSWERS ? "" : text)));
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

describe("a command that its sender says is sent once", () => {
  const once: Entry = { metadata: { sent: "once" } };
  const stored = JSON.stringify({ command_id: COMMAND_ID, success: true });
  const gets = async (): Promise<boolean> => /cmdstat_get:/.test(await admin.info("commandstats"));

  it("is run without a look at what was answered before, which could be nothing", async () => {
    await using _answering = await userService(() => ({ user_id: 1 }));
    await using asker = asking();
    await sendCreateUser(asker, { email: "a@b.cd" });
    await swiftly(async () => {
      await admin.config("RESETSTAT");
      await sendCreateUser(asker, { email: "a@b.cd" });
    });
    expect(await gets()).toBe(false);
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(gets);
  });

  it("is looked for among the answers when its group was gone meanwhile, however short, and not run again", async () => {
    const created: string[] = [];
    const hooks = { groupCreated: ({ stream }: { stream: string }) => void created.push(stream) };
    let runs = 0;
    await using answering = await userService(() => ({ user_id: ++runs }), { hooks });
    await using asker = asking();
    await sendCreateUser(asker, { email: "a@b.cd" });
    await admin.xgroup("DESTROY", "commands", group);
    await eventually(() => answering.counts.handled === 2);
    expect(created.filter((stream) => stream === "commands")).toHaveLength(2);
    expect(runs).toBe(1);
  });

  it("runs without a look after its stream was gone, and its group with it", async () => {
    await using _answering = await userService(() => ({ user_id: 1 }));
    await using asker = asking();
    await sendCreateUser(asker, { email: "a@b.cd" });
    await admin.del("commands");
    await sendCreateUser(asker, { email: "a@b.cd" });
    await swiftly(async () => {
      await admin.config("RESETSTAT");
      await sendCreateUser(asker, { email: "a@b.cd" });
    });
    expect(await gets()).toBe(false);
  });

  it.each([
    ["that has waited for a while", "commands", `${Date.now() - 2000}-0`],
    ["that is redriven", `{commands}:redrive:${group}`, "*"],
  ])("and %s is looked for among the answers, and not run again", async (_what, stream, entryId) => {
    await using answers = await answersOn(ANSWERS);
    await admin.set(ANSWER_KEY, stored);
    await admin.xadd(stream, entryId, ...createUserEntry(30, once));
    let runs = 0;
    await using _answering = await userService(() => ({ user_id: ++runs }), { blockTimeMs: 50 });
    await eventually(() => answers.all.length === 1);
    expect(answers.all).toEqual([stored]);
    expect(runs).toBe(0);
  });

  it.each([
    ["set back", ["SETID"]],
    ["created anew", ["DESTROY", "CREATE"]],
  ])("is answered again, by another member, after its group was %s before it was a second old", async (_how, acts) => {
    await using answers = await answersOn(ANSWERS);
    let runs = 0;
    const running = await userService(() => ({ user_id: ++runs }));
    // Its id is of the future: for an hour it will look young.
    const hour = Date.now() + 3_600_000;
    for (const at of [1, 2]) await admin.xadd("commands", `${hour}-${at}`, ...createUserEntry(30, { ...once, at }));
    await eventually(() => answers.all.length === 2);
    await running.close();

    await using _other = await userService(() => ({ user_id: ++runs }));
    const reset = admin.multi();
    for (const act of acts) reset.call("XGROUP", act, "commands", group, ...(act === "DESTROY" ? [] : ["0"]));
    await reset.exec();
    await eventually(() => answers.all.length === 4);
    expect(runs).toBe(2);
    expect(answers.all.slice(2)).toEqual(answers.all.slice(0, 2));
  });

  it("is not run again when another consumer has answered and not acknowledged it", async () => {
    await using answers = await answersOn(ANSWERS);
    await admin.xgroup("CREATE", "commands", group, "0", "MKSTREAM");
    await admin.xadd("commands", "*", ...createUserEntry(30, once));
    await admin.xreadgroup("GROUP", group, "dead", "COUNT", 1, "STREAMS", "commands", ">");
    await admin.set(ANSWER_KEY, stored);
    let runs = 0;
    await using _answering = await userService(() => ({ user_id: ++runs }), {
      leaseSeconds: 0.3,
      foreignIdleSeconds: 0.1,
    });
    await eventually(() => answers.all.length === 1);
    expect(answers.all).toEqual([stored]);
    expect(runs).toBe(0);
    await eventually(pending, (count) => count === 0);
  });
});

describe("an answer", () => {
  it("that cannot leave at once is kept until it can: its command is not run again", async () => {
    await using proxy = await startTcpProxy(redis);
    await using answers = await answersOn(ANSWERS);
    await using answering = createService(proxy, { service, retryDelaySeconds: 0.01 });
    let runs = 0;
    handleCreateUser(answering, async () => {
      proxy.mode = "refuse";
      proxy.reset();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { user_id: ++runs };
    });
    await answering.start();
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(() => answering.counts.handled === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await pending()).toBe(1);
    proxy.mode = "pass";
    await eventually(pending, (count) => count === 0);
    await eventually(() => answers.all.length === 1);
    expect(runs).toBe(1);
    expect(answering.counts).toMatchObject({ handled: 1, handlerFailed: 0, retried: 0 });
  });

  it("whose confirmation is lost has left: its command is acknowledged with it, and not run again", async () => {
    await using proxy = await startTcpProxy(redis);
    await using answers = await answersOn(ANSWERS);
    await using answering = createService(proxy, { service, redis: { socketTimeoutSeconds: 0.3 } });
    let runs = 0;
    handleCreateUser(answering, () => {
      proxy.mode = "mute";
      return { user_id: ++runs };
    });
    await answering.start();
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(() => answers.all.length === 1);
    expect(await pending()).toBe(0);
    proxy.mode = "pass";
    await eventually(() => answers.all.length === 2);
    expect(answers.all[1]).toBe(answers.all[0]);
    expect(runs).toBe(1);
  });

  it("of a handler that had used up its time is given all the same, and the command's retry runs nothing", async () => {
    await using answers = await answersOn(ANSWERS);
    await using answering = createService(redis, { service, handlerTimeoutSeconds: 0.1, retryDelaySeconds: 1 });
    let runs = 0;
    handleCreateUser(answering, async (_command, { signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { user_id: ++runs };
    });
    await answering.start();
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(() => answers.all.length === 1);
    await eventually(() => answering.counts.retried === 1);
    expect(answering.counts).toMatchObject({ handled: 0, handlerFailed: 1 });
    expect(await pending()).toBe(1);
    await eventually(pending, (count) => count === 0);
    await eventually(() => answers.all.length === 2);
    expect(answers.all[1]).toBe(answers.all[0]);
    expect(runs).toBe(1);
  });

  it("that Redis refuses to send makes its command a dead letter, which says why", async () => {
    await admin.acl("SETUSER", "answering", "on", ">secret", "~*", "+@all", "resetchannels", "&allowed");
    const url = redis.url.replace("redis://", "redis://answering:secret@");
    await using answering = createService({ url }, { service, retryDelaySeconds: 0.01 });
    let runs = 0;
    handleCreateUser(answering, () => ({ user_id: ++runs }));
    await answering.start();
    await admin.xadd("commands", "*", ...createUserEntry(30, { reply_to: "s-responses:forbidden" }));
    const [letter] = await eventually(
      () => admin.xrange("{commands}:dead", "-", "+"),
      (letters) => letters.length === 1,
    );
    expect(fieldOf(letter?.[1] ?? [], "errors")).toMatch(/publish to the channel|NOPERM/);
    await eventually(pending, (count) => count === 0);
    expect(runs).toBe(1);
    await eventually(() => answering.counts.deadLettered === 1);
    expect(answering.counts.retried).toBe(0);
  });

  it("that is longer than Redis takes makes its command a dead letter, and cuts no connection", async () => {
    const long: TokenHandler = () => ({ valid: true, roles: ["a".repeat(2 * 1024 * 1024)] });
    await using answering = await tokenService(long, { maxMessageBytes: 10_000_000 });
    await using asker = asking();
    await admin.config("SET", "proto-max-bulk-len", String(1024 * 1024));
    await expect(sendValidateToken(asker, { token: "t" }, { timeoutSeconds: 1 })).rejects.toThrow(CommandTimeoutError);
    const [letter] = await eventually(
      () => admin.xrange("{commands}:dead", "-", "+"),
      (letters) => letters.length === 1,
    );
    await admin.config("SET", "proto-max-bulk-len", "512mb");
    expect(fieldOf(letter?.[1] ?? [], "errors")).toMatch(/Redis takes 1048576/);
    expect(answering.counts.disconnected).toBe(0);
  });

  it("that is refused does not keep a command that cannot be read from the dead letters", async () => {
    await admin.acl("SETUSER", "answering", "on", ">secret", "~*", "+@all", "resetchannels", "&allowed");
    const url = redis.url.replace("redis://", "redis://answering:secret@");
    await using answering = createService({ url }, { service });
    handleCreateUser(answering, () => ({ user_id: 1 }));
    await answering.start();
    const entry = createUserEntry(30, { reply_to: "s-responses:forbidden" });
    entry[entry.indexOf("payload") + 1] = "{}";
    await admin.xadd("commands", "*", ...entry);
    await eventually(
      () => admin.xlen("{commands}:dead"),
      (length) => length === 1,
    );
    await eventually(pending, (count) => count === 0);
  });

  it("stays stored for longer than its sender waits", async () => {
    await using answers = await answersOn(ANSWERS);
    await using _answering = await userService(() => ({ user_id: 1 }));
    await admin.xadd("commands", "*", ...createUserEntry(7200));
    await eventually(() => answers.all.length === 1);
    expect(await admin.ttl(ANSWER_KEY)).toBeGreaterThan(7200);
  });

  it("takes the errors of its command with it, if that had failed before", async () => {
    const errors = `{commands}:errors:${group}`;
    await admin.xgroup("CREATE", "commands", group, "0", "MKSTREAM");
    const other = (await admin.xadd("commands", "*", ...createUserEntry(30))) as string;
    await admin.xreadgroup("GROUP", group, "python", "STREAMS", "commands", ">");
    await using answers = await answersOn(ANSWERS);
    await using _answering = await userService(async (_command, { entryId }) => {
      await admin.hset(errors, entryId, "{}", other, "{}");
      return { user_id: 1 };
    });
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(() => answers.all.length === 1);
    expect(await admin.hkeys(errors)).toEqual([other]);
  });

  it("leaves in the step that acknowledges its command", async () => {
    await using answers = await answersOn(ANSWERS);
    await using _answering = await userService(() => ({ user_id: 1 }));
    await admin.xadd("commands", "*", ...createUserEntry(30));
    await eventually(() => answers.all.length === 1);
    // Nothing is left to be gathered and sent later.
    expect(await pending()).toBe(0);
  });
});

describe("a command as JSON that cannot be read", () => {
  it("is a dead letter where its type is handled", async () => {
    await using answering = await userService(() => ({ user_id: 1 }));
    await admin.xadd("commands", "*", "message_type", "create_user", "json", "{broken");
    await eventually(
      () => admin.xlen("{commands}:dead"),
      (length) => length === 1,
    );
    await eventually(() => answering.counts.deadLettered === 1);
    expect(answering.counts.skipped).toBe(0);
  });
});

describe("the handler of a command", () => {
  it("is the only one: a second is a conflict", () => {
    const messaging = createService(redis);
    handleValidateToken(messaging, () => ({ valid: true }));
    const conflict = expect.objectContaining({ name: "UsageError", code: "HANDLER_CONFLICT" });
    expect(() => handleValidateToken(messaging, () => ({ valid: true }))).toThrow(conflict);
  });
});
