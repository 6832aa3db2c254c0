import { execFile } from "node:child_process";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { onUserCreated, publishUserCreated } from "../../../../generated/index.js";
import { examine, type Finding } from "../../../../runtime/operations/index.js";
import { type StartRedisOptions, startRedis } from "../../../../runtime/testing/redis/index.js";
import { type Outcome, repository } from "../../../codegen/scratch.js";
import { eventually } from "../../../support/eventually.js";
import { isOnCluster } from "../../../support/on-cluster.js";
import { bundleOf } from "../../../support/program-bundle.js";
import { createService } from "../../../support/service.js";

/** Runs the command with nothing of this machine's settings; gives it up when it does not end. */
async function merpDoctor(env: Readonly<Record<string, string>>, ...parameters: readonly string[]): Promise<Outcome> {
  const program = [await bundleOf(join(repository, "runtime/cli/index.ts")), "doctor", ...parameters];
  const options = { env: { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", ...env }, timeout: 25_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, program, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
  });
}

/** The findings on a Redis that was started so. */
async function findings(redis: StartRedisOptions, env: Readonly<Record<string, string>> = {}): Promise<Finding[]> {
  await using server = await startRedis(redis);
  return await all({ REDIS_URL: server.url, SERVICE_NAME: "billing", ...env });
}

async function all(env: Readonly<Record<string, string>>): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of examine({ env, timeoutSeconds: 1 })) found.push(finding);
  return found;
}

const of = (found: readonly Finding[], check: string): Finding | undefined =>
  found.find((finding) => finding.check === check);

describe("merp doctor", () => {
  it("prints the name of a group, whatever it is, in the line that it belongs to", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    for (const name of ["::error::x\n✓ Redis", "a\u001b[2Jb", "##[error]c"]) {
      await admin.xgroup("CREATE", "events", name, "0", "MKSTREAM");
    }
    admin.disconnect();
    const { stdout } = await merpDoctor({ REDIS_URL: redis.url, SERVICE_NAME: "billing" });
    expect(stdout).toContain("\\u003a:error::x\\u000a✓ Redis: no consumer");
    expect(stdout).toContain("a\\u001b[2Jb: no consumer");
    expect(stdout).toContain("\\u0023#[error]c: no consumer");
  });

  it("tries every kind of message, shows what is there, hides secrets, and leaves all as it was", async () => {
    await using redis = await startRedis({ arguments: ["--requirepass", "open-sesame"] });
    const url = redis.url.replace("redis://", "redis://:open-sesame@");
    const admin = new Redis(url);
    const messaging = createService({ url }, { service: "billing", environment: "production", maxRetries: 0 });
    onUserCreated(messaging, ({ entity_id }) => {
      if (entity_id === 2) throw new Error("dead");
    });
    await messaging.start();
    for (const entity_id of [1, 2]) {
      await publishUserCreated(messaging, { entity_id, after_data: { email: "ada@example.com" } });
    }
    await eventually(() => messaging.counts.deadLettered === 1);
    await messaging.close();
    await publishUserCreatedLater(url);
    const before = await everything(admin);

    const env = { REDIS_URL: url, SERVICE_NAME: "billing", ENVIRONMENT: "production" };
    const { code, stdout, stderr } = await merpDoctor(env);
    // That of a cluster, and what the loss of a master would undo.
    const checks = isOnCluster ? "19 checks failed, 1 warning" : "17 checks failed";
    expect([code, stderr]).toEqual([1, `\nunhealthy 1 of ${checks}\n`]);
    const kinds = ["event", "command", "live subscription", "notification", "live notification", "health message"];
    for (const check of ["configuration", "Redis", "clock", "eviction", "consumer groups", ...kinds, "clean up"]) {
      expect(stdout).toMatch(new RegExp(`^✓ ${check} `, "m"));
    }
    const place = isOnCluster ? "the cluster of [\\d.:, ]+" : "127\\.0\\.0\\.1:\\d+";
    expect(stdout).toMatch(new RegExp(`Redis +(Redis|Valkey) \\d+\\.\\d+\\.\\d+ at ${place}, answers in [\\d.]+ ms`));
    expect(stdout).toMatch(
      /^✗ stream production:events +3 entries, 1 group, 1 dead letter, 1 of them open; nobody serves billing-workers on production:events: 1 entry unread, /m,
    );
    expect(stdout).toMatch(/billing-workers: no consumer; lag 1, pending 0$/m);
    expect(stdout).toContain("stream production:commands does not exist yet");
    expect(stdout).toContain("password set, not shown");
    expect(stdout + stderr).not.toContain("open-sesame");
    expect(await everything(admin)).toEqual(before);
    admin.disconnect();
  });

  it("exits with 1 and says what to check when Redis is not there, or refuses, or the settings are wrong", async () => {
    const quick = { REDIS_CONNECTION_TIMEOUT: "0.5", SERVICE_NAME: "billing" };
    await using redis = await startRedis({ arguments: ["--requirepass", "open-sesame"] });
    const wrong = redis.url.replace("redis://", "redis://:wrong-word@");
    const away = await merpDoctor({ ...quick, REDIS_URL: "redis://127.0.0.1:1" });
    expect(away.stdout).toMatch(/^✗ Redis +Redis at 127\.0\.0\.1:1 cannot be reached: .* Check REDIS_HOST, /m);
    expect(away.stderr).toBe("\nunhealthy 1 of 2 checks failed\n");
    expect(away.code).toBe(1);
    const refused = await all({ ...quick, REDIS_URL: wrong });
    expect(of(refused, "Redis")).toMatchObject({
      verdict: "bad",
      text: expect.stringContaining("refuses this service"),
    });
    expect(JSON.stringify(refused)).not.toContain("wrong-word");
    const broken = await all({ ...quick, REDIS_PORT: "many", MESSAGE_MAX_RETRIES: "-1" });
    expect(broken).toEqual([expect.objectContaining({ check: "configuration", verdict: "bad" })]);
    expect(broken[0]?.lines?.join()).toMatch(/MESSAGE_MAX_RETRIES must be .*REDIS_PORT must be/);
  });

  it("refuses a time that is none", async () => {
    const { code, stderr } = await merpDoctor({}, "--timeout", "soon");
    expect([code, stderr]).toEqual([2, expect.stringContaining("It must be a number of seconds")]);
  });
});

describe("examining an installation", () => {
  it("may be given more time than a timer of Node's can take", async () => {
    await using redis = await startRedis();
    const bad: Finding[] = [];
    const env = { REDIS_URL: redis.url, SERVICE_NAME: "billing" };
    for await (const finding of examine({ env, timeoutSeconds: 30 * 86_400 })) {
      if (finding.verdict === "bad") bad.push(finding);
    }
    expect(bad).toEqual([]);
  });

  it("finds which kind of message does not go through", async () => {
    const found = await findings({ arguments: ["--rename-command", "PUBLISH", ""] });
    expect(of(found, "event")).toMatchObject({ verdict: "good" });
    for (const check of ["command", "notification", "live notification"]) {
      expect(of(found, check), check).toMatchObject({ verdict: "bad" });
    }
    expect(of(found, "clean up")).toMatchObject({ verdict: "good" });
  });

  it("ends in bounded time when Redis stops answering in its midst", async () => {
    await using redis = await startRedis();
    const found: Finding[] = [];
    const quick = { REDIS_CONNECTION_TIMEOUT: "0.2", REDIS_SOCKET_TIMEOUT: "0.2", MESSAGE_DRAIN_TIMEOUT: "0.2" };
    const settings = { env: { REDIS_URL: redis.url, SERVICE_NAME: "billing", ...quick }, timeoutSeconds: 0.8 };
    for await (const finding of examine(settings)) {
      found.push(finding);
      if (finding.check === "consumer groups") redis.pause();
    }
    expect(of(found, "event")).toMatchObject({ verdict: "bad" });
    expect(of(found, "clean up")).toMatchObject({ verdict: "bad" });
    redis.resume();
  });

  it("tells of a Redis that may evict streams, and of a service without a name", async () => {
    const found = await findings(
      { arguments: ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"] },
      { SERVICE_NAME: "" },
    );
    expect(of(found, "eviction")).toMatchObject({ verdict: "notable", text: expect.stringContaining("allkeys-lru") });
    expect(of(found, "configuration")).toMatchObject({
      verdict: "notable",
      text: expect.stringContaining("SERVICE_NAME"),
    });
    expect(found.filter(({ verdict }) => verdict === "bad")).toEqual([]);
  });

  it("finds a key that is no stream where one must be, and works where every message needs a company", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    await admin.set("events", "a text");
    const env = {
      REDIS_URL: redis.url,
      MESSAGE_TENANCY: "required",
      REDIS_MAX_CONNECTIONS: "5",
      MESSAGE_ENCODING: "json",
    };
    const found = await all({ SERVICE_NAME: "billing", ...env });
    const bad = found.filter(({ verdict }) => verdict === "bad");
    expect(bad).toEqual([
      {
        check: "stream events",
        verdict: "bad",
        text: expect.stringMatching(/^is a string; the key events holds a string, not a stream, .* rename events /),
      },
    ]);
    expect(await admin.get("events")).toBe("a text");
    admin.disconnect();
  });
});

async function publishUserCreatedLater(url: string): Promise<void> {
  await using messaging = createService({ url }, { service: "billing", environment: "production" });
  await publishUserCreated(messaging, { entity_id: 3, after_data: { email: "ada@example.com" } });
}

/** Every key with what it holds. */
async function everything(admin: Redis): Promise<Record<string, string>> {
  const keys = (await admin.keys("*")).sort();
  const dumps = await Promise.all(keys.map(async (key) => (await admin.dumpBuffer(key))?.toString("hex") ?? ""));
  return Object.fromEntries(keys.map((key, at) => [key, dumps[at] ?? ""]));
}
