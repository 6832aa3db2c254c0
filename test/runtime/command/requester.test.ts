import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { MessagingOptions } from "../../../generated/index.js";
import {
  type CommandHandler,
  ContractError,
  type CreateUserPayload,
  handleCreateUser,
  handleReloadConfig,
  handleValidateToken,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
  sendReloadConfig,
  sendValidateToken,
  type ValidateToken,
  type ValidateTokenResult,
  validateToken,
} from "../../../generated/index.js";
import { encodeResponse } from "../../../runtime/command/answer.js";
import { Requester } from "../../../runtime/command/requester.js";
import { readConfig } from "../../../runtime/config/config.js";
import { fieldOf } from "../../../runtime/contract/codec.js";
import { HookBus } from "../../../runtime/messaging/hooks.js";
import { RedisBroker } from "../../../runtime/redis/redis-broker.js";
import { systemClock } from "../../../runtime/time/clock.js";
import { eventually } from "../../support/eventually.js";
import { useRedis } from "../../support/redis.js";
import { createService } from "../../support/service.js";
import { startTcpProxy } from "../../support/tcp-proxy.js";

const ONE_SECOND = { type: "integer", default: 1 } as const;
const service = "user-auth-service";
const group = `${service}-workers`;

const { redis, admin } = await useRedis();
afterEach(() => admin.flushall());

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

/** Cuts the connection on which a service hears answers; resolves once it is gone. */
async function cutAnswers(asker: string): Promise<void> {
  const list = String(await admin.client("LIST"));
  const id = new RegExp(`id=(\\d+) .*name=${asker}:subscribe `).exec(list)?.[1];
  expect(await admin.call("CLIENT", "KILL", "ID", id ?? "0")).toBe(1);
}

describe("sending", () => {
  it("what breaks its contract sends nothing", async () => {
    await using asker = asking();
    const wrong = { email: "x", stray: 1 } as CreateUserPayload;
    await expect(sendCreateUser(asker, wrong)).rejects.toThrow(ContractError);
    await expect(sendCreateUser(asker, wrong)).rejects.toMatchObject({
      issues: [
        expect.objectContaining({ path: "payload.stray" }),
        { path: "payload.email", message: "must be an email address" },
      ],
    });
    await expect(sendValidateToken(asker, { token: "t" }, { timeoutSeconds: 0.5 })).rejects.toThrow(/timeout must be/);
    expect(await admin.exists("commands")).toBe(0);
  });

  it("rejects, and does not wait for good, when the contract of its result cannot be used", async () => {
    await using _answering = await tokenService(() => ({ valid: true }));
    await using asker = asking();
    const broken = { ...validateToken, result: { type: "nonsense" } } as unknown as typeof validateToken;
    await expect(asker.send(broken, { token: "t" })).rejects.toMatchObject({
      message: expect.stringContaining("cannot be judged"),
      cause: { message: expect.stringMatching(/nonsense|type/) },
    });
    expect(asker.counts.trouble).toBe(0);
  });

  it("needs a target where the contract has no default", async () => {
    await using asker = asking();
    await expect(sendReloadConfig(asker, {})).rejects.toThrow(/target_service is required/);
    await using answering = createService(redis, { service: "any-service" });
    handleReloadConfig(answering, () => ({ reloaded: ["all"] }));
    await answering.start();
    expect(await sendReloadConfig(asker, {}, { targetService: "any-service" })).toEqual({ reloaded: ["all"] });
  });

  it("listens for answers again after that was refused", async () => {
    await admin.acl("SETUSER", "asking", "on", ">secret", "allkeys", "+@all", "resetchannels");
    await using _answering = await tokenService(() => ({ valid: true }));
    await using asker = asking({ redis: { url: redis.url.replace("//", "//asking:secret@") } });
    await expect(sendValidateToken(asker, { token: "t" })).rejects.toMatchObject({
      message: expect.stringContaining("NOPERM"),
    });
    await admin.acl("SETUSER", "asking", "allchannels");
    expect(await sendValidateToken(asker, { token: "t" })).toEqual({ valid: true });
  });

  it("to nobody ends when its time is up, and says whom it asked", async () => {
    await using asker = asking();
    await expect(sendValidateToken(asker, { token: "t" }, { timeoutSeconds: 1 })).rejects.toMatchObject({
      name: "CommandTimeoutError",
      code: "COMMAND_TIMEOUT",
      message: expect.stringMatching(`${service} did not answer validate_token within 1 s`),
    });
  });

  it("can be given up, before or while it waits, and a late answer is counted", async () => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    await using answering = await tokenService(async () => {
      await opened;
      return { valid: true };
    });
    await using asker = asking();
    const waiting = new AbortController();
    const question = sendValidateToken(asker, { token: "t" }, { signal: waiting.signal });
    await eventually(() => pending().then((count) => count === 1));
    waiting.abort(new Error("the browser went away"));
    const given = { code: "COMMAND_ABORTED", cause: new Error("the browser went away") };
    await expect(question).rejects.toMatchObject(given);
    await expect(sendValidateToken(asker, { token: "t" }, { signal: waiting.signal })).rejects.toMatchObject(given);
    expect(await admin.xlen("commands")).toBe(1);
    open();
    await eventually(() => asker.counts.answerUnclaimed >= 1);
    expect(answering.counts.handlerFailed).toBe(0);
  });

  it("waits for as long as the contract says where the call does not say", async () => {
    await using asker = asking();
    const { schema } = validateToken;
    const hasty = {
      ...validateToken,
      schema: { ...schema, properties: { ...schema.properties, timeout: ONE_SECOND } },
    };
    await expect(asker.send(hasty, { token: "t" }, { targetService: "nobody" })).rejects.toThrow(
      "nobody did not answer validate_token within 1 s",
    );
  });

  it("leaves nothing behind once it was answered: neither its timer nor a listener of its signal", async () => {
    await using _answering = await tokenService(() => ({ valid: true }));
    await using asker = asking();
    const [set, cleared] = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "clearTimeout")];
    onTestFinished(() => void [set, cleared].map((spy) => spy.mockRestore()));
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
    await sendValidateToken(asker, { token: "t" }, { signal, timeoutSeconds: 7200 });

    const timer = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 7_200_000)]?.value;
    expect(cleared).toHaveBeenCalledWith(timer);
    expect(added).toHaveBeenCalledOnce();
    expect(removed.mock.calls).toEqual(added.mock.calls);
  });

  it("ends when its service is closed", async () => {
    const asker = asking();
    const sending = expect(sendValidateToken(asker, { token: "t" }, { targetService: "nobody" })).rejects.toMatchObject(
      {
        code: "CLOSED",
      },
    );
    await eventually(async () => (await admin.xlen("commands")) === 1);
    await asker.close();
    await sending;
  });

  it("carries the correlation on, from handler to handler", async () => {
    const seen: unknown[] = [];
    await using _answering = await tokenService((_command, { correlationId }) => {
      seen.push(correlationId);
      return { valid: true };
    });
    await using asker = asking();
    onUserCreated(asker, async () => {
      await sendValidateToken(asker, { token: "t" });
    });
    await asker.start();
    const input = { entity_id: 1, after_data: { email: "a@b.cd" } };
    await publishUserCreated(asker, input, { correlationId: "one-request" });
    await eventually(() => seen.length === 1);
    await sendValidateToken(asker, { token: "t" }, { correlationId: "given" });
    expect(seen).toEqual(["one-request", "given"]);
  });

  it("many at once gives each its own answer", async () => {
    await using answering = createService(redis, { service });
    handleCreateUser(answering, async ({ payload }) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return { user_id: Number(payload.first_name) };
    });
    await answering.start();
    await using asker = asking();
    const ids = Array.from({ length: 50 }, (_, at) => at + 1);
    const results = await Promise.all(
      ids.map((id) => sendCreateUser(asker, { email: "a@b.cd", first_name: String(id) })),
    );
    expect(results.map(({ user_id }) => user_id)).toEqual(ids);
  });

  it("from two instances of a service gives each its own answers only", async () => {
    await using _answering = await tokenService(({ payload }) => ({ valid: payload.token === "one" }));
    await using one = asking();
    await using two = asking();
    const results = await Promise.all([
      sendValidateToken(one, { token: "one" }),
      sendValidateToken(two, { token: "two" }),
    ]);
    expect(results).toEqual([{ valid: true }, { valid: false }]);
    expect([one.counts.answerUnclaimed, two.counts.answerUnclaimed]).toEqual([0, 0]);
  });
});

describe("a reply that is none", () => {
  it("is passed over, and the answer that follows is taken", async () => {
    await using asker = asking();
    const question = sendValidateToken(asker, { token: "t" });
    const [entry] = await eventually(
      () => admin.xrange("commands", "-", "+"),
      (entries) => entries.length === 1,
    );
    const fields = entry?.[1] ?? [];
    const channel = fieldOf(fields, "reply_to") ?? "";
    for (const junk of ["", "junk", "null", "{}", '{"command_id":"unknown","success":true}'])
      await admin.publish(channel, junk);
    // As a Python service writes it.
    const answer = `{"command_id": "${fieldOf(fields, "id")}", "success": true, "result": {"valid": true}, "error": null, "timestamp": "2026-11-23 10:26:43.700000", "execution_time_ms": null}`;
    await admin.publish(channel, answer);
    expect(await question).toEqual({ valid: true });
    expect(asker.counts).toMatchObject({ trouble: 4, answerUnclaimed: 1 });
  });
});

/** Asks as a user with or without a right, stores an answer that nobody sends, and cuts the connection that would hear it. */
async function storedMeanwhile(
  right: string,
  text: string,
): Promise<{ readonly asker: ReturnType<typeof asking>; readonly answer: Promise<unknown> }> {
  await admin.acl("SETUSER", "asking", "on", ">secret", "~*", "&*", "+@all", right);
  const url = redis.url.replace("//", "//asking:secret@");
  const asker = asking({ redis: { url }, maxMessageBytes: 5000 });
  const answer = sendValidateToken(asker, { token: "t" }, { timeoutSeconds: 20 });
  answer.catch(() => {});
  const [entry] = await eventually(
    () => admin.xrange("commands", "-", "+"),
    (entries) => entries.length === 1,
  );
  const id = fieldOf(entry?.[1] ?? [], "id") ?? "";
  const named = text.startsWith("{") ? JSON.stringify({ command_id: id, ...JSON.parse(text) }) : text;
  await admin.set(`{commands}:answer:${id}`, named);
  await cutAnswers("api-gateway");
  return { asker, answer };
}

describe("an answer that was sent while its asker was away", () => {
  it("is found after the reconnect", async () => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    await using _answering = await tokenService(async () => {
      await opened;
      return { valid: true };
    });
    await using asker = asking();
    const question = sendValidateToken(asker, { token: "t" }, { timeoutSeconds: 10 });
    await eventually(() => pending().then((count) => count === 1));
    // Its first attempts to come back are refused, so that the answer is sent while nobody hears it.
    const before = await admin.config("GET", "maxclients");
    const list = String(await admin.client("LIST"));
    const clients = list.trim().split("\n").length;
    await admin.config("SET", "maxclients", String(clients - 1));
    await cutAnswers("api-gateway");
    await eventually(
      () => admin.pubsub("CHANNELS"),
      (channels) => channels.length === 0,
    );
    open();
    await eventually(
      () => admin.keys("{commands}:answer:*"),
      (keys) => keys.length === 1,
    );
    await admin.config("SET", "maxclients", (before as string[])[1] ?? "10000");
    expect(await question).toEqual({ valid: true });
  });

  it("is found also when the connection that looks for it comes back after the one that hears it", async () => {
    // The two connections of an asker, each with a link of its own.
    await using hearing = await startTcpProxy(redis);
    await using looking = await startTcpProxy(redis);
    const troubles: string[] = [];
    const hooks = new HookBus({ trouble: ({ what }) => void troubles.push(what) });
    const brokerBy = ({ url }: { readonly url: string }): RedisBroker => {
      const settings = { service: "asker", redis: { url, connectionTimeoutSeconds: 0.2 } };
      return new RedisBroker(readConfig(settings, "fields", {}), hooks, systemClock);
    };
    const [hearer, looker, answerer] = [brokerBy(hearing), brokerBy(looking), brokerBy(redis)];
    const { subscriptions } = hearer;
    const requester = new Requester({
      channel: "answers",
      subscriptions,
      answers: looker.answers,
      sealing: undefined,
      clock: systemClock,
      hooks,
    });
    await requester.listen();
    const place = { target: service, stream: "commands", timeoutMs: 20_000, signal: undefined };
    const ids = [1, 2, 3].map(() => crypto.randomUUID());
    const asked = ids.map((id) => requester.ask({ id, descriptor: validateToken, ...place }, async () => {}));

    for (const proxy of [looking, hearing]) {
      proxy.mode = "refuse";
      proxy.reset();
    }
    await eventually(async () => ((await admin.pubsub("CHANNELS")) as string[]).length === 0);
    for (const commandId of ids) {
      const text = encodeResponse(commandId, { success: true, result: { valid: true } }, 1);
      await answerer.answers.give({ stream: "commands", commandId, text, keepMs: 60_000, replyTo: "answers" });
    }
    hearing.mode = "pass";
    await eventually(() => troubles.includes("looking for stored answers"));
    looking.mode = "pass";
    expect(await Promise.all(asked)).toEqual(ids.map(() => ({ valid: true })));
    requester.close();
    for (const broker of [hearer, looker, answerer]) broker.close();
  });

  it.each([
    ["whoever may ask for its size", "+@all"],
    ["whoever may not", "-strlen"],
  ])("is found after the reconnect by %s", async (_, right) => {
    const asked = await storedMeanwhile(right, JSON.stringify({ success: true, result: { valid: true } }));
    await expect(asked.answer).resolves.toEqual({ valid: true });
    await asked.asker.close();
  });

  it("is not read when it is too large: the command fails at once", async () => {
    const asked = await storedMeanwhile("-get", "x".repeat(5001));
    await expect(asked.answer).rejects.toMatchObject({
      name: "CommandFailedError",
      code: "COMMAND_FAILED",
      errorCode: "MESSAGE_TOO_LARGE",
      retryable: false,
      message: expect.stringMatching(
        /^the stored answer of user-auth-service to validate_token has 5001 bytes, and MESSAGE_MAX_BYTES is 5000: .*; the command has run$/,
      ),
    });
    await asked.asker.close();
  });

  it("and one that comes after the reconnect is heard as before", async () => {
    await using _answering = await tokenService(() => ({ valid: true }));
    await using asker = asking();
    await sendValidateToken(asker, { token: "t" });
    await cutAnswers("api-gateway");
    await eventually(() => sendValidateToken(asker, { token: "t" }, { timeoutSeconds: 5 }));
  });
});

describe("a command that is sent again under its id", () => {
  it("does not run again, and is given the same answer, also in another process", async () => {
    let runs = 0;
    await using _answering = await tokenService(() => ({ valid: ++runs === 1 }));
    const id = crypto.randomUUID();
    for (let times = 0; times < 2; times++) {
      await using messaging = asking();
      expect(await sendValidateToken(messaging, { token: "secret" }, { id })).toEqual({ valid: true });
    }
    expect(runs).toBe(1);
  });

  it("while it is waited for settles both, by one answer, a time limit, or a signal", async () => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    await using _answering = await tokenService(() => opened.then(() => ({ valid: true })));
    await using asker = asking();
    const id = crypto.randomUUID();
    const given = new AbortController();
    const send = (options = {}): Promise<unknown> => sendValidateToken(asker, { token: "t" }, { id, ...options });
    const [first, aborted] = [send(), send({ signal: given.signal })];
    await expect(send({ timeoutSeconds: 1 })).rejects.toMatchObject({ code: "COMMAND_TIMEOUT" });
    const second = send();
    given.abort();
    await expect(aborted).rejects.toMatchObject({ code: "COMMAND_ABORTED" });
    open();
    expect(await Promise.all([first, second])).toEqual([{ valid: true }, { valid: true }]);
  });
});
