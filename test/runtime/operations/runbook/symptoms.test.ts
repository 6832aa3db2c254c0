import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { onUserCreated, onUserUpdated, publishUserCreated, publishUserUpdated } from "../../../../generated/index.js";
import { diagnose, examine, type RedisStatus, readStatus } from "../../../../runtime/operations/index.js";
import { startRedis } from "../../../../runtime/testing/redis/index.js";
import { eventually } from "../../../support/eventually.js";
import { isOnCluster } from "../../../support/on-cluster.js";
import { useRedis } from "../../../support/redis.js";
import { createService, logBook } from "../../../support/service.js";
import { sicknesses } from "./sicknesses.js";
import { Ward } from "./ward.js";

const { redis, admin } = await useRedis();
const user = { entity_id: 7, after_data: { email: "ada@example.com" } };
let wards = 0;
const ward = (): Ward => new Ward(redis, admin, `symptom-${++wards}`);

type Redis = NonNullable<Parameters<typeof examine>[0]>["redis"];

/** What `merp doctor` finds wrong, in one text. */
async function doctor(there: Redis): Promise<string> {
  const found: string[] = [];
  const options = { env: {}, service: "billing", timeoutSeconds: 5, environment: "doctor" };
  for await (const { verdict, text, lines = [] } of examine({
    ...options,
    redis: { connectionTimeoutSeconds: 0.2, ...there },
  })) {
    if (verdict !== "good") found.push(text, ...lines);
  }
  return found.join("\n");
}

/** What a service that is to start there has to say. */
async function startingThere(there: Redis): Promise<string> {
  const log = logBook();
  await using messaging = createService(
    {},
    { service: "billing", logger: log, redis: { connectionTimeoutSeconds: 0.2, ...there } },
  );
  onUserCreated(messaging, () => {});
  const refused = await messaging.start().then(
    () => "",
    (error: Error) => error.message,
  );
  return `${refused}${log.text}`;
}

it("Redis cannot be reached", async () => {
  const there = { host: "127.0.0.1", port: 1 };
  expect(await doctor(there)).toMatch(/cannot be reached: connect ECONNREFUSED.*Check REDIS_HOST, REDIS_PORT/);
  expect(await startingThere(there)).toMatch(/connecting at start failed; trying again.*cannot be reached/);
});

it("Redis refuses the password", async () => {
  const there = { url: redis.url, username: "billing", password: "wrong" };
  expect(await doctor(there)).toMatch(/refuses this service: WRONGPASS/);
  expect(await startingThere(there)).toMatch(/refuses this service: WRONGPASS.*Check REDIS_USERNAME, REDIS_PASSWORD/);
});

it("A right is missing", async () => {
  await admin.call(
    "ACL",
    "SETUSER",
    "half",
    "reset",
    "on",
    ">right",
    "~*",
    "&*",
    "+@all",
    "-xadd",
    "-eval",
    "-evalsha",
  );
  const there = { url: redis.url, username: "half", password: "right" };
  expect(await doctor(there)).toMatch(/NOPERM.*permissions to run the '(xadd|eval\w*)'/i);
});

it("TLS is on at one end only", async () => {
  const there = { url: redis.url.replace("redis:", "rediss:") };
  const ports = isOnCluster ? "these ports have" : "this port has";
  expect(await doctor(there)).toMatch(new RegExp(`cannot be reached.*that ${ports} TLS \\(REDIS_TLS is on\\)`));
  expect(await startingThere(there)).toMatch(/cannot be reached.*REDIS_TLS is on/);
});

it("Redis has too many clients", async () => {
  const [, before = ""] = (await admin.config("GET", "maxclients")) as string[];
  await admin.config("SET", "maxclients", 1);
  try {
    const there = { url: redis.url };
    // What Redis says before it hangs up may be lost with the link.
    const told = /max number of clients reached.*\(maxclients\)|too many clients does \(maxclients/;
    for (const tell of [doctor, startingThere]) {
      await eventually(
        () => tell(there),
        (text) => told.test(text),
      );
    }
  } finally {
    await admin.config("SET", "maxclients", before);
    await admin.config("RESETSTAT");
  }
});

it("A filter leaves the message out", async () => {
  await using here = ward();
  const reasons: string[] = [];
  const billing = here.service("billing", { hooks: { skipped: ({ reason }) => void reasons.push(reason) } });
  onUserCreated(billing, () => {}, { company_id: 7 });
  await billing.start();
  await publishUserCreated(here.service("shop"), user);
  await eventually(() => billing.counts.skipped === 1);
  expect(reasons).toEqual(["filtered"]);
});

it("A group is paused", async () => {
  await using here = ward();
  const log = logBook();
  const billing = here.service("billing", { logger: log });
  onUserCreated(billing, () => {});
  await billing.start();
  const { groups } = here.operations();
  await groups.pause("events", "billing-workers", { why: "the database moves", by: "ada" });
  await publishUserCreated(here.service("shop"), user);
  await eventually(() => log.text.includes("an operator has paused the group"));
  const told = await eventually(
    () => here.worst(),
    (problem) => problem?.code === "GROUP_PAUSED",
  );
  expect(told?.sentence).toMatch(/billing-workers .* is paused by ada .*the database moves/);
  expect(told?.command).toBe("merp resume events billing-workers");
  await groups.resume("events", "billing-workers");
  await eventually(() => billing.counts.handled === 1);
});

it("A service is in another environment", async () => {
  await using one = ward();
  await using other = ward();
  const billing = other.service("billing");
  onUserCreated(billing, () => {});
  await billing.start();
  await publishUserCreated(one.service("shop"), user);
  expect(await admin.xlen(one.key("events"))).toBe(1);
  expect(await admin.xinfo("GROUPS", one.key("events"))).toEqual([]);
  expect(await admin.exists(other.key("events"))).toBe(1);
  expect(billing.counts.handled).toBe(0);
});

it("A member is older than the others", async () => {
  await using here = ward();
  const older = here.service("billing");
  onUserCreated(older, () => {});
  await older.start();
  const shop = here.service("shop");
  await publishUserUpdated(shop, { entity_id: 7, after_data: {}, changes: {} });
  await eventually(() => older.counts.skipped === 1);
  const newer = here.service("billing");
  onUserCreated(newer, () => {});
  onUserUpdated(newer, () => {});
  await newer.start();
  // From now on both take them, and the older one hands over what it does not handle.
  for (let at = 0; at < 10; at++) await publishUserUpdated(shop, { entity_id: 7, after_data: {}, changes: {} });
  await eventually(() => newer.counts.handled === 10);
  expect(older.counts.skipped).toBe(1);
});

it("Redis is slow", async () => {
  const [, before = ""] = (await admin.config("GET", "slowlog-log-slower-than")) as string[];
  await admin.config("SET", "slowlog-log-slower-than", 2000);
  await admin.eval("local sum = 0 for i = 1, 2000000 do sum = sum + i end return sum", 0);
  const slow = (await admin.slowlog("GET", 10)) as [number, number, number, string[]][];
  await admin.config("SET", "slowlog-log-slower-than", before);
  expect(slow.map(([, , , [command]]) => command?.toLowerCase())).toContain("eval");
});

it("Redis came back without its data", async () => {
  await using first = await startRedis();
  const log = logBook();
  await using billing = createService(first, { service: "billing", logger: log, blockTimeMs: 50 });
  onUserCreated(billing, () => {});
  await billing.start();
  await first.kill();
  await first.restart();
  await eventually(() => log.text.includes("a consumer group was gone and has been created again"));
  // What is published from now on is handled.
  await eventually(() => publishUserCreated(billing, user).then(() => true));
  await eventually(() => billing.counts.handled > 0);
  await billing.close();
  expect(log.lines.map(({ text }) => text)).toContain("lost the connection to Redis; reconnecting");
});

it("Ids lie in the future", async () => {
  await using here = ward();
  await admin.xadd(here.key("events"), `${Date.now() + 30 * 86_400_000}-0`, "event_type", "user.created");
  const worst = await eventually(
    () => here.worst(),
    (problem) => problem !== undefined,
  );
  expect(worst).toMatchObject({ code: "STREAM_AHEAD", stream: here.key("events") });
});

it("The clocks differ", async () => {
  await using here = ward();
  const status = await readStatus({ env: {}, environment: here.environment, redis: { url: redis.url } });
  const isAhead = <Redis extends RedisStatus | null>(server: Redis): Redis =>
    server && { ...server, clockAheadMs: 5000 };
  const { cluster } = status;
  const nodes = cluster?.nodes.map((node) => ({ ...node, redis: isAhead(node.redis) })) ?? [];
  const ahead = { ...status, redis: isAhead(status.redis), cluster: cluster && { ...cluster, nodes } };
  expect(diagnose(ahead)[0]).toMatchObject({ code: "CLOCK_WRONG", sentence: /5 s ahead of this machine's/ });
});

it("the runbook has an entry for each sickness that the tests cause, and for each symptom, and no other", async () => {
  const page = await readFile(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
  const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, heading = ""]) => heading);
  const files = ["./symptoms.test.ts", "../../../cluster/lost-history.test.ts", "../../../cluster/sicknesses.test.ts"];
  const tests = await Promise.all(files.map((file) => readFile(new URL(file, import.meta.url), "utf8")));
  const played = [...tests.join("\n").matchAll(/^(?: {2})?it\("([A-Z][^":]+)/gm)].map(([, name = ""]) => name);
  expect(headings.sort()).toEqual([...played, ...sicknesses.map(({ heading }) => heading)].sort());
});
