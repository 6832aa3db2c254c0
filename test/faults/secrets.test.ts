import { type AddressInfo, createServer } from "node:net";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import {
  handleCreateUser,
  type Messaging,
  type MessagingOptions,
  notifySuccess,
  onUserCreated,
  publishUserCreated,
  sendCreateUser,
  subscribeNotifications,
  userCreated,
} from "../../generated/index.js";
import { createMessaging, defineEvent, type JsonSchema } from "../../runtime/index.js";
import { consoleLogger, type Logger, writerOf } from "../../runtime/messaging/logger.js";
import { examine, HealthCollector, Operations } from "../../runtime/operations/index.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { Canaries } from "../support/canaries.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";
import { startTcpProxy } from "../support/tcp-proxy.js";

const canaries = new Canaries();
const { plant, hear, hearFailure } = {
  plant: (place: string): string => canaries.plant(`${expect.getState().currentTestName}: ${place}`),
  hear: canaries.hear,
  hearFailure: (failing: Promise<unknown>) => canaries.hearFailure(failing),
};
let redis: RedisServer;
let admin: Redis;
let tests = 0;
/** Each test has streams of its own. */
let environment = "";

beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

beforeEach(() => {
  environment = `test-${++tests}`;
  // The default log, the driver and Node write there.
  for (const method of ["error", "warn", "log"] as const) vi.spyOn(console, method).mockImplementation(hear);
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(canaries.escaped()).toEqual([]);
});

/** A service all of whose words are heard: hooks, and the log as objects and as text, as each kind of logger has it. */
function service(name: string, options: MessagingOptions = {}): Messaging {
  const writeTextFirst = writerOf({ log: hear, info: hear, warn: hear, error: hear } as unknown as Logger);
  const say = (level: "info" | "warn" | "error") => (details: object, text: string) => {
    hear(text, details);
    writeTextFirst(level, details, text);
    consoleLogger[level](details, text);
  };
  const logger = { info: say("info"), warn: say("warn"), error: say("error") };
  const swift = { connectionTimeoutSeconds: 0.4, ...options.redis };
  const whole = { service: name, environment, logger, hooks: canaries.hooks, ...options, redis: swift };
  return createService(redis, whole);
}

/** A user of Redis with a secret password and so many rights. */
async function user(name: string, ...rights: readonly string[]): Promise<{ readonly url: string }> {
  const password = plant("a password");
  await admin.call("ACL", "SETUSER", name, "reset", "on", `>${password}`, "~*", "&*", "+@all", ...rights);
  return { url: `redis://${name}:${password}@${redis.host}:${redis.port}` };
}

/** A message with secrets everywhere where the contract lets them stand. */
function account(): Parameters<typeof publishUserCreated>[1] {
  const after_data = {
    email: `${plant("an address")}@example.com`,
    first_name: plant("a name"),
    phone: plant("a number"),
    username: plant("a user name"),
  };
  return { entity_id: 1, after_data, metadata: { note: plant("metadata") } };
}

function accounts(count: number): ReturnType<typeof account>[] {
  return Array.from({ length: count }, account);
}

/** Tries all that a service does with its Redis, where nothing succeeds. */
async function tryAll(messaging: Messaging): Promise<void> {
  const notice = { title: plant("a title"), message: plant("a text"), target_user_id: 1 };
  const command = { email: "a@b.cd", password: plant("a password to set") };
  const failing = [
    publishUserCreated(messaging, account()),
    publishUserCreated(messaging, account(), { id: crypto.randomUUID(), once: true }),
    messaging.publishAll(userCreated, accounts(3)),
    notifySuccess(messaging, notice),
    sendCreateUser(messaging, command, { timeoutSeconds: 0.5 }),
  ];
  // A user who may not write may subscribe.
  const screen = subscribeNotifications(messaging, { userId: 1 }, () => {}).then(() => {}, hear);
  await Promise.all([...failing.map(hearFailure), screen]);
  hear(await messaging.health());
}

async function tryTools(redisThere: MessagingOptions["redis"]): Promise<void> {
  const there = { connectionTimeoutSeconds: 0.4, ...redisThere };
  const options = { env: {}, service: "operator", environment, redis: there };
  const examining = async (): Promise<void> => {
    for await (const finding of examine({ ...options, timeoutSeconds: 0.3 })) hear(finding);
  };
  await using operations = new Operations(options);
  await using collector = new HealthCollector({ ...options, hooks: { trouble: hear, reported: hear, raised: hear } });
  await Promise.all([examining(), hearFailure(operations.deadLetters.get("events", "1-0")), collector.start()]);
  hear(collector.services(), collector.alerts());
}

it("a password that Redis refuses stays secret", async () => {
  const url = `redis://app:${plant("a wrong password")}@${redis.host}:${redis.port}`;
  await using messaging = service("billing", { redis: { url } });
  await tryAll(messaging);
  await hearFailure(messaging.start({ requireRedis: true }));
  await tryTools({ url });
});

it("a password stays secret that Redis repeats, because AUTH and HELLO are renamed", async () => {
  const renamed = ["--rename-command", "AUTH", "", "--rename-command", "HELLO", ""];
  const password = plant("a password");
  await using first = await startRedis({ arguments: ["--requirepass", password] });
  await using old = await startRedis({ arguments: renamed });
  await using proxy = await startTcpProxy(first);
  const url = `redis://:${password}@${proxy.host}:${proxy.port}`;
  await using messaging = service("billing", { redis: { url }, leaseSeconds: 0.3 });
  onUserCreated(messaging, () => {});
  await messaging.start();
  proxy.redirect(old);
  proxy.reset();
  await eventually(async () => (await messaging.health()).details.heartbeat?.reason?.includes("unknown command"));
  await tryAll(messaging);
  hear(await messaging.health());
});

it("messages and settings stay secret that meet missing rights", async () => {
  const denied = await user("denied", "-xadd", "-eval", "-evalsha");
  await using messaging = service("billing", { redis: denied });
  await tryAll(messaging);
  const reader = await user("reader", "-@write", "-@scripting", "-subscribe", "-psubscribe");
  await using deaf = service("audit", { redis: reader });
  onUserCreated(deaf, () => {});
  await deaf.start().catch(hear);
  await tryAll(deaf);
  await tryTools(reader);
});

it("messages and settings stay secret when the link is cut under way", async () => {
  for (const rights of [[], ["-eval", "-evalsha", "-script"]]) {
    const { url } = await user(`cut${rights.length}`, ...rights);
    await using proxy = await startTcpProxy(redis);
    const redisThere = { url: url.replace(`:${redis.port}`, `:${proxy.port}`) };
    await using messaging = service("billing", { redis: redisThere });
    await publishUserCreated(messaging, account());
    // The first batch learns that scripts are refused, the second one goes in a pipeline.
    await messaging.publishAll(userCreated, accounts(5));
    const notify = () =>
      notifySuccess(messaging, { title: plant("a title"), message: plant("a text"), target_user_id: 1 });
    // On a cluster it opens another connection.
    await notify().catch(hear);
    proxy.mode = "mute";
    const failing = [
      messaging.publishAll(userCreated, accounts(5)),
      publishUserCreated(messaging, account()),
      notify(),
    ].map(hearFailure);
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.mode = "pass";
    proxy.reset();
    await Promise.all(failing);
    // Some replies have come: the driver rejects the rest of a pipeline in another way.
    await eventually(() => publishUserCreated(messaging, account()).then(() => true));
    // What a new connection asks for is answered by then.
    await new Promise((resolve) => setTimeout(resolve, 150));
    const cut = messaging.publishAll(userCreated, accounts(5));
    // An id has 22 bytes.
    proxy.cutAfter(55, "replies");
    await hearFailure(cut);
    hear(await messaging.health());
  }
  expect(canaries.said("Command aborted due to connection close")).toBe(true);
});

it("messages stay secret when Redis is busy or full", async () => {
  await using own = await startRedis({ arguments: ["--lua-time-limit", "1"] });
  const client = new Redis(own.url);
  await using messaging = service("billing", { redis: { url: own.url } });
  await messaging.health();
  await client.config("SET", "maxmemory", "1");
  await tryAll(messaging);
  await client.config("SET", "maxmemory", "0");
  const other = new Redis(own.url);
  await other.ping();
  const endless = client.eval("while true do end", 0).catch(() => {});
  await eventually(() =>
    other.ping().then(
      () => false,
      ({ message }: Error) => message.startsWith("BUSY"),
    ),
  );
  await tryAll(messaging);
  await other.call("SCRIPT", "KILL");
  await endless;
  client.disconnect();
  other.disconnect();
});

/** A schema with a mark in each place, and a value that breaks each of them with a secret. */
function marked(): { readonly schema: JsonSchema; readonly value: object } {
  const secret: JsonSchema = { type: "number", sensitive: true };
  const named = (name: string): object => ({ properties: { [name]: secret } });
  const layers: JsonSchema = {
    type: "object",
    properties: {
      plain: secret,
      tuple: { type: "array", prefixItems: [secret, { type: "string" }], items: secret },
      holding: { type: "array", contains: secret },
      referred: { $ref: "#/$defs/Tree" },
      whole: { type: "object", properties: { inner: secret }, additionalProperties: true },
      keys: { type: "object", propertyNames: { maxLength: 3, sensitive: true }, additionalProperties: true },
      map: { type: "object", additionalProperties: secret },
      chosen: { anyOf: [secret, { type: "boolean" }] },
    },
    patternProperties: { "^x-": secret },
    allOf: [named("layer")],
    if: { properties: { kind: { const: "b" } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: named("followed"),
    else: named("otherwise"),
    dependentSchemas: { plain: named("dependent") },
    not: { required: ["forbidden"], properties: { forbidden: { sensitive: true } } },
    additionalProperties: true,
  };
  const value: Record<string, unknown> = {};
  for (const name of [
    "plain",
    "chosen",
    "x-key",
    "layer",
    "followed",
    "otherwise",
    "dependent",
    "whole",
    "forbidden",
  ]) {
    value[name] = plant(name);
  }
  value["kind"] = "b";
  value["tuple"] = [plant("tuple"), "x", plant("items")];
  value["holding"] = [plant("contains")];
  value["referred"] = { next: { next: { value: plant("recursion") } } };
  value["keys"] = { [plant("a key")]: 1 };
  value["map"] = { any: plant("a map") };
  const Tree = { type: "object", properties: { value: secret, next: { $ref: "#/$defs/Tree" } } };
  const schema: JsonSchema = {
    type: "object",
    properties: { event_type: { const: "secret.told" }, entity_id: { type: "string" }, after_data: layers },
    required: ["event_type", "entity_id"],
    $defs: { Tree },
  };
  return { schema, value };
}

it("what is marked as sensitive is masked, whichever keyword describes it, for the writer and for the reader", async () => {
  const { schema, value } = marked();
  const told = defineEvent<{ after_data: object }, { entity_id: string; after_data: object }>("secret.told", schema);
  await using messaging = createMessaging({
    ...{
      service: "billing",
      environment,
      env: {},
      redis: { url: redis.url },
      maxRetries: 0,
      hooks: canaries.hooks,
      blockTimeMs: 50,
    },
  });
  const error = await hearFailure(messaging.publish(told, { entity_id: "1", after_data: value }));
  expect((error as { issues: object[] }).issues.length).toBeGreaterThan(12);
  let handled = 0;
  messaging.on(told, () => void handled++);
  await messaging.start();
  // The reader stops at the first thing that is wrong, so each is sent alone.
  const entries = Object.entries(value).map(([name, one]) => ({ [name]: one, kind: name === "otherwise" ? "a" : "b" }));
  for (const after_data of [...entries, plant("instead of an object"), [plant("a list")]]) {
    const message = { event_type: "secret.told", entity_id: "1", after_data };
    await admin.xadd(`${environment}:events`, "*", "message_type", "secret.told", "json", JSON.stringify(message));
  }
  await eventually(() => messaging.counts.deadLettered + handled === entries.length + 2);
  expect(messaging.counts.deadLettered).toBeGreaterThan(12);
  await hearLetters();
});

/** What is listed of the dead letters. An entry itself is kept whole. */
async function hearLetters(stream = "events"): Promise<void> {
  await using operations = new Operations({ env: {}, service: "operator", environment, redis: { url: redis.url } });
  for await (const { original, ...letter } of operations.deadLetters.list(stream)) {
    expect(original.length).toBeGreaterThan(0);
    hear(letter);
  }
}

it("what cannot be read is not repeated", async () => {
  await using messaging = service("user-auth-service", { maxRetries: 0 });
  onUserCreated(messaging, () => {});
  handleCreateUser(messaging, () => ({ user_id: 1 }));
  await subscribeNotifications(messaging, { userId: 1 }, hear);
  await messaging.start();
  const add = (stream: string, ...fields: readonly string[]): Promise<unknown> =>
    admin.xadd(`${environment}:${stream}`, "*", ...fields);
  const torn = (place: string): string => `${plant(place)}, "${plant(`${place} within`)}`;
  await add("events", "event_type", "user.created", "entity_id", "1", "after_data", torn("a field"));
  await add(
    "events",
    "event_type",
    "user.created",
    "entity_id",
    torn("an id"),
    "after_data",
    `{"email":"${plant("a value")}"}`,
  );
  await add("events", "message_type", "user.created", "json", torn("JSON"));
  await add("events", "message_type", "user.created", "json", JSON.stringify(plant("a text as JSON")));
  await add("events", "message_type", "user.created", "json", JSON.stringify({ after_data: plant("double JSON") }));
  await add("events", "nothing", torn("no message"));
  const command = ["command_type", "create_user", "target_service", "user-auth-service", "id", crypto.randomUUID()];
  await add("commands", ...command, "reply_to", "someone-responses:1", "payload", torn("a payload"));
  await admin.publish(`${environment}:notifications:user:1`, torn("a notification"));
  await admin.publish(
    `${environment}:notifications:user:1`,
    JSON.stringify({ notification_type: "success", title: { of: plant("a title") } }),
  );
  const asking = hearFailure(
    sendCreateUser(messaging, { email: "a@b.cd" }, { timeoutSeconds: 1, targetService: "nobody" }),
  );
  const [channel = ""] = await eventually(
    () => admin.pubsub("CHANNELS", "*user-auth-service-responses*") as Promise<string[]>,
    (channels) => channels.length > 0,
  );
  await admin.publish(channel, torn("an answer"));
  await admin.publish(channel, JSON.stringify({ command_id: "1", success: plant("a success") }));
  await asking;
  await eventually(() => messaging.counts.deadLettered >= 6 && messaging.counts.trouble >= 3);
  hear(await messaging.health());
  await hearLetters();
  await hearLetters("commands");
});

it("commands and answers stay secret when handlers fail, results are wrong and answers are refused", async () => {
  const mute = await user("mute", "resetchannels", `&${environment}:none`);
  await using responder = service("user-auth-service", { redis: mute, maxRetries: 0 });
  handleCreateUser(responder, () => ({ user_id: 1, user: { phone: plant("a result") } }) as never);
  onUserCreated(responder, () => {
    throw new Error("the handler's own words");
  });
  await responder.start();
  await using asking = service("api-gateway");
  await publishUserCreated(asking, account());
  await hearFailure(sendCreateUser(asking, { email: "a@b.cd", password: plant("a password") }, { timeoutSeconds: 1 }));
  await eventually(() => responder.counts.deadLettered >= 2);
  hear(await responder.health());
  await hearLetters();
  await hearLetters("commands");
});

it("results that break their contract are masked for both sides", async () => {
  await using responder = service("user-auth-service");
  handleCreateUser(
    responder,
    ({ payload }) =>
      ({
        user_id: 1,
        user: { username: [payload.password], phone: { of: plant("a phone") } },
      }) as never,
  );
  await responder.start();
  await using asking = service("api-gateway");
  await hearFailure(sendCreateUser(asking, { email: "a@b.cd", password: plant("a password") }, { timeoutSeconds: 5 }));
  await hearFailure(sendCreateUser(asking, { email: plant("no address"), password: [plant("a list")] } as never));
});

it("nothing is sent in clear to a rediss:// URL, whatever REDIS_TLS says", async () => {
  const sent: Buffer[] = [];
  const ear = createServer((socket) => socket.on("data", (bytes) => sent.push(bytes)).on("error", () => {}));
  await new Promise<void>((resolve) => ear.listen(0, "127.0.0.1", resolve));
  const { port } = ear.address() as AddressInfo;
  const REDIS_URL = `rediss://app:${plant("a password over TLS")}@127.0.0.1:${port}`;
  const env = { REDIS_URL, REDIS_TLS: "false", REDIS_CONNECTION_TIMEOUT: "0.3" };
  const logger = { info: hear, warn: hear, error: hear };
  await using messaging = createMessaging({ service: "billing", env, logger, hooks: canaries.hooks });
  messaging.on(defineEvent("a.b", { type: "object" }), () => {});
  await messaging.start();
  hear(await messaging.health());
  await eventually(() => sent.length > 3);
  // The first byte of a handshake of TLS.
  expect(new Set(sent.map((bytes) => bytes[0]))).toEqual(new Set([0x16]));
  hear(Buffer.concat(sent).toString("latin1"));
  ear.close();
});

it("settings stay secret when they are wrong, or stand in the wrong place", async () => {
  const { host, port } = redis;
  const key = `-----BEGIN PRIVATE KEY-----\n${plant("a key")}\n-----END PRIVATE KEY-----`;
  const wrong: MessagingOptions[] = [
    { env: { REDIS_URL: `redis://app:${plant("a URL")}%@cache` } },
    { env: { REDIS_URL: `${plant("no URL")}@cache` } },
    { redis: { url: `http://app:${plant("another protocol")}@cache` } },
    { env: { REDIS_HOST: `redis://app:${plant("a URL as a host")}@cache` } },
    { redis: { host: `app:${plant("a login as a host")}@cache` } },
    { env: { REDIS_TLS: "true", REDIS_TLS_KEY: key, REDIS_TLS_CERT: key, REDIS_TLS_CA: key } },
    { env: { REDIS_URL: `rediss://:${plant("a password beside")}@cache` }, redis: { tls: false } },
    { env: { REDIS_PASWORD: plant("a misspelt variable"), REDIS_PASSWORD: "" } },
    { env: { REDIS_PORT: `redis://:${plant("a URL as a port")}@cache` } },
    { env: { REDIS_DB: `${plant("a login as a number")}@cache` } },
    { service: `redis://:${plant("a URL as a name")}@cache` },
    { env: { REDIS_TLS: "true", REDIS_TLS_KEY: plant("a key in one line").repeat(12) } },
    { redis: { pasword: plant("a misspelt option") } as never },
  ];
  for (const options of wrong) {
    await hearFailure(Promise.resolve().then(() => createMessaging({ service: "billing", env: {}, ...options })));
    for await (const finding of examine({ service: "billing", env: {}, ...options })) hear(finding);
  }
  const tls = { passphrase: plant("a passphrase"), key, cert: key };
  for (const given of [
    { host, port, tls },
    { host, port, tls: { passphrase: tls.passphrase } },
  ]) {
    const there = { ...given, password: plant("a password") };
    await using messaging = service("billing", { redis: there });
    await Promise.all([tryAll(messaging), tryTools(there)]);
  }
});

it("plants enough, and hears enough", () => {
  expect(canaries.planted).toBeGreaterThan(200);
  expect(canaries.length).toBeGreaterThan(200_000);
});
