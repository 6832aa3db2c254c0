import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import {
  type Messaging,
  type MessagingOptions,
  onUserCreated,
  publishUserCreated,
  type RedisOptions,
  type Variables,
} from "../../../generated/index.js";
import { type RedisServer, startRedis } from "../../../runtime/testing/redis/index.js";
import { eventually } from "../../support/eventually.js";
import { createService } from "../../support/service.js";
import { opensslAvailable, startTlsRedis, type TlsRedis } from "../../support/tls-redis.js";

const input = { entity_id: 1, after_data: { email: "ada@example.com" } };

/** Publishes, handles and beats. Returns what Redis tells of the connections. */
async function works(admin: Redis, options: MessagingOptions & { readonly service: string }): Promise<string[]> {
  const messaging = createService({}, options);
  onTestFinished(() => messaging.close());
  const seen: unknown[] = [];
  onUserCreated(messaging, (event) => seen.push(event.after_data.email), { source_service: options.service });
  await messaging.start({ requireRedis: true });
  await publishUserCreated(messaging, input);
  await eventually(() => seen.length > 0);
  return eventually(
    async () => (await clientsOf(admin, options.service)).filter((line) => !line.includes("cmd=auth")),
    (lines) => lines.some((line) => line.includes(":heartbeat ")),
  );
}

async function clientsOf(admin: Redis, service: string): Promise<string[]> {
  return String(await admin.client("LIST"))
    .split("\n")
    .filter((line) => line.includes(`name=${service}:`));
}

describe("a Redis behind a Unix socket", () => {
  let folder: string;
  let path: string;
  let redis: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    // A name that must be encoded in a URL. A path may have 107 bytes.
    folder = mkdtempSync(join(tmpdir(), "a socket-"));
    path = join(folder, "redis.sock");
    redis = await startRedis({ arguments: ["--unixsocket", path] });
    admin = new Redis(redis.url);
    await admin.call("ACL", "SETUSER", "app", "on", ">a/b@c", "~*", "&*", "+@all");
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  const ways: Readonly<Record<string, () => { readonly redis?: RedisOptions; readonly env?: Variables }>> = {
    "unix-url": () => ({ redis: { url: `unix://app:a%2Fb%40c@${encodeURI(path)}?db=3` } }),
    "redis-unix-url": () => ({ env: { REDIS_URL: `redis+unix://${encodeURI(path)}?db=3` } }),
    option: () => ({ redis: { socket: path, db: 3 } }),
    variable: () => ({ env: { REDIS_SOCKET: path, REDIS_DB: "3" } }),
    client: () => ({ redis: { client: { path, db: 3 } } }),
  };
  it.each(Object.entries(ways))("is used by every connection, set up by %s", async (name, way) => {
    const lines = await works(admin, { service: `by-${name}`, ...way() });
    for (const line of lines) expect(line).toMatch(/ addr=\S*.*redis\.sock:0 .* db=3 /);
    if (name === "unix-url") for (const line of lines) expect(line).toContain("user=app ");
  });

  it("is named, with what to check, when nobody listens there", async () => {
    const missing = join(folder, "none.sock");
    await using messaging = createService({}, { redis: { socket: missing, connectionTimeoutSeconds: 0.2 } });
    await expect(publishUserCreated(messaging, input)).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
      message: expect.stringMatching(`Redis at ${missing} cannot be reached: .*ENOENT.*REDIS_SOCKET`),
    });
  });
});

describe("own settings of the client", () => {
  let redis: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  it("are options of ioredis, beside a URL of Valkey with its database", async () => {
    const { host, port } = redis;
    const url = `valkey://${host}:${port}?db=2`;
    const lines = await works(admin, { service: "optioned", redis: { url, client: { clientInfoTag: "orders" } } });
    for (const line of lines) expect(line).toContain(" db=2 ");
    // The oldest Redis that is supported does not tell the library's name.
    if (lines.some((line) => line.includes("lib-name"))) expect(lines.join()).toContain("ioredis(orders)");
  });

  it("are those of a client that exists, but for what it needs for its own work, and it is not used", async () => {
    const client = new Redis(redis.url, { db: 4, lazyConnect: true, commandTimeout: 1, readOnly: true });
    const env = { REDIS_HOST: "elsewhere.invalid", REDIS_DB: "9" };
    const lines = await works(admin, { service: "duplicated", redis: { client }, env });
    for (const line of lines) expect(line).toContain(" db=4 ");
    expect(client.status).toBe("wait");
  });

  it("are those of a function that makes each client, and the heartbeat follows them", async () => {
    const made: Redis[] = [];
    const client: RedisOptions["client"] = (options) => {
      made.push(new Redis({ ...options, host: redis.host, port: redis.port, db: 5 }));
      return made.at(-1) as Redis;
    };
    const lines = await works(admin, { service: "made", redis: { host: "elsewhere.invalid", client } });
    expect(made.length).toBeGreaterThan(2);
    for (const line of lines) expect(line).toContain(" db=5 ");
  });

  const shared = new Redis({ lazyConnect: true });
  const prefixed = new Redis({ lazyConnect: true, keyPrefix: "mine:" });
  const cluster = new Cluster([], { lazyConnect: true });
  it.each<[string, () => RedisOptions, RegExp]>([
    ["a text", () => ({ client: "redis" as never }), /redis\.client must be options of ioredis, a client, or/],
    [
      "a cluster",
      () => ({ client: cluster }),
      /redis\.client is a Cluster: name some of its nodes in redis\.cluster\.nodes/,
    ],
    ["a client with a prefix", () => ({ client: prefixed }), /keyPrefix.*use the setting environment/],
    [
      "an option that delivery depends on",
      () => ({ client: { maxRetriesPerRequest: 3 } as object }),
      /redis\.client\.maxRetriesPerRequest cannot be set.*docs\/connections\.md/,
    ],
    [
      "a function that forgets options",
      () => ({ client: () => new Redis({ lazyConnect: true }) }),
      /options it was given/,
    ],
    ["a function that returns one client twice", () => ({ client: () => shared }), /must return a new client/],
    [
      "a password beside a provider",
      () => ({ password: "a", credentials: () => ({ password: "b" }) }),
      /redis\.credentials and redis\.password are both set/,
    ],
  ])("are refused as what they are: %s", (_, options, text) => {
    const create = (): Messaging => createService({ url: redis.url }, { redis: options() });
    expect(create).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringMatching(text) }));
  });
});

describe.skipIf(!opensslAvailable)("TLS", () => {
  let redis: TlsRedis;
  let admin: Redis;
  beforeAll(async () => {
    redis = await startTlsRedis({ rules: "~* &* +@all" });
    admin = new Redis(redis.server.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });
  const url = (): string => redis.url.replace("rediss:", "valkeys:");
  const cut = (): Promise<unknown> => admin.call("CLIENT", "KILL", "USER", redis.username);

  it("survives a file of a certificate that is half written while it connects", async () => {
    const path = join(redis.server.folder, "rotating.pem");
    writeFileSync(path, redis.ca);
    const env = { REDIS_URL: url(), REDIS_TLS_CA: path };
    await works(admin, { service: "rotating", env, redis: { connectionTimeoutSeconds: 0.5 } });
    const [connected] = [await clientsOf(admin, "rotating")];
    // Node cannot read it at all, and throws before there is a socket.
    writeFileSync(path, redis.ca.slice(0, 200));
    await cut();
    await eventually(async () => (await clientsOf(admin, "rotating")).length === 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    writeFileSync(path, redis.ca);
    await eventually(async () => (await clientsOf(admin, "rotating")).length === connected.length);
  });

  it("asks a function for its options at each attempt to connect", async () => {
    let isTrusted = true;
    const tls = async (): Promise<object> => ({ ca: isTrusted ? redis.ca : [] });
    const connected = await works(admin, { service: "asked", redis: { url: url(), tls } });
    isTrusted = false;
    await cut();
    await eventually(async () => (await clientsOf(admin, "asked")).length === 0);
    isTrusted = true;
    await eventually(async () => (await clientsOf(admin, "asked")).length === connected.length);
  });

  it("lets a function check the server's identity, also for the heartbeat's thread", async () => {
    const names: string[] = [];
    let isRight = true;
    const checkServerIdentity = (name: string, { subject }: { subject: { CN: string } }): Error | undefined => {
      names.push(`${name} is ${subject.CN}`);
      return isRight ? undefined : new Error("an impostor");
    };
    const tls = { ca: redis.ca, servername: "other.name", checkServerIdentity: checkServerIdentity as never };
    const options = { url: url(), tls, connectionTimeoutSeconds: 0.3 };
    const connected = await works(admin, { service: "checked", redis: options });
    expect(new Set(names)).toEqual(new Set(["other.name is localhost"]));
    expect(names.length).toBeGreaterThanOrEqual(connected.length);

    isRight = false;
    await using refused = createService({}, { redis: options });
    await expect(publishUserCreated(refused, input)).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
      message: expect.stringContaining("an impostor"),
    });
    await cut();
    await eventually(async () => (await clientsOf(admin, "checked")).length === 0);
    const before = names.length;
    await eventually(() => names.length > before + 5);
    expect(await clientsOf(admin, "checked")).toEqual([]);
  });
});
