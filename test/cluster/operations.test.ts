import { readFile } from "node:fs/promises";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import * as m from "../../generated/index.js";
import { told } from "../../runtime/cli/story-lines.js";
import type { Descriptor } from "../../runtime/contract/descriptor.js";
import { linesOf } from "../../runtime/messaging/causes.js";
import {
  diagnose,
  examine,
  HealthCollector,
  Operations,
  prometheusText,
  readStatus,
} from "../../runtime/operations/index.js";
import { explain } from "../../runtime/operations/messages/explain.js";
import { tail } from "../../runtime/operations/messages/tail.js";
import { Operator } from "../../runtime/operations/operator.js";
import { storedEntries } from "../../runtime/operations/stored-entries.js";
import { streamEntries } from "../../runtime/operations/stream-entries.js";
import { readTraffic } from "../../runtime/operations/traffic/traffic.js";
import { type StreamKeys, streamKeys } from "../../runtime/redis/keys.js";
import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { onNode } from "../support/cluster-node.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

const descriptors: readonly Descriptor[] = m.catalogue.messages;
const STREAMS = ["events", "commands", "notifications", "health"];
const GROUP = "billing-workers";
const LEASE = { leaseSeconds: 5 };

let cluster: RedisCluster;
let single: RedisServer;

beforeAll(async () => {
  [cluster, single] = await Promise.all([startCluster({ replicas: 1 }), startRedis()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([cluster.stop(), single.stop()]);
});

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

interface Installation {
  readonly env: () => Readonly<Record<string, string>>;
  readonly flush: () => Promise<unknown>;
  readonly masterOf: (key: string) => Promise<RedisServer>;
}

const installations: readonly (readonly [name: string, Installation])[] = [
  [
    "one Redis",
    {
      env: () => ({ REDIS_URL: single.url }),
      flush: () => onNode(single, (client) => client.flushall()),
      masterOf: async () => single,
    },
  ],
  [
    "a cluster",
    {
      env: () => ({ REDIS_CLUSTER_NODES: cluster.seeds }),
      flush: () => cluster.flush(),
      masterOf: (key) => cluster.masterOf(key),
    },
  ],
];

describe.each(installations)("the operator's tools on %s", (_name, { env, flush, masterOf }) => {
  afterEach(flush);

  const service = (name: string, options: Parameters<typeof createService>[1] = {}) =>
    createService({}, { service: name, env: env(), ...LEASE, ...options });
  const at = async <Reply>(key: string, question: (client: Redis) => Promise<Reply>): Promise<Reply> =>
    onNode(await masterOf(key), question);
  const operator = (): Operator => new Operator({ env: { STREAM_BLOCK_TIME: "50", ...env() } }, { name: "operator" });

  it("redrive, discard and count dead letters, and record who did so", async () => {
    await using billing = service("billing", { maxRetries: 0 });
    let isAway = true;
    const handled: number[] = [];
    m.onUserCreated(billing, ({ entity_id }) => {
      if (isAway) throw new Error("the database is away");
      handled.push(entity_id);
    });
    await billing.start();
    for (const entity_id of [1, 2])
      await m.publishUserCreated(billing, { entity_id, after_data: { email: "a@b.example" } });
    await using operations = new Operations({ env: env() });
    const { deadLetters, audit } = operations;
    const letters = await eventually(
      () => all(deadLetters.list("events")),
      ({ length }) => length === 2,
    );
    isAway = false;
    const [first, second] = letters.map(({ id }) => id) as [string, string];
    const change = { action: "dead-letters redrive", target: first, who: "ada" };
    await audit.recorded(change, async () => ({ ...(await deadLetters.redrive("events", first)) }));
    await deadLetters.discard("events", second, "a test");
    await eventually(
      () => handled,
      ({ length }) => length === 1,
    );
    expect((await all(deadLetters.list("events", { state: "any" }))).map(({ state }) => state.state)).toEqual([
      "redriven",
      "discarded",
    ]);
    expect(await all(operations.changes())).toMatchObject([{ ...change, state: "done" }]);
  });

  it("pause, resume and retire groups of every stream", async () => {
    const billing = service("billing");
    m.onUserCreated(billing, () => {});
    m.handleValidateToken(billing, () => ({ valid: true }) as never);
    await billing.start();
    await using operations = new Operations({ env: env() });
    const { groups } = operations;
    for (const stream of ["events", "commands"]) await groups.pause(stream, "billing-workers", { why: "a migration" });
    expect((await groups.paused()).map(({ stream }) => stream).sort()).toEqual(["commands", "events"]);
    await groups.resume("events", "billing-workers");
    expect((await groups.paused()).map(({ stream }) => stream)).toEqual(["commands"]);
    expect(await groups.retryNow("events", "billing-workers")).toBe(0);
    await billing.close();
    for (const stream of ["events", "commands"]) await groups.retire(stream, "billing-workers");
    await expect(groups.retirePlan("events", "billing-workers")).rejects.toMatchObject({ code: "GROUP_MISSING" });
  });

  it("tell the story of a command over two streams, show messages live from all streams, and read what is stored", async () => {
    await using billing = service("billing");
    m.handleValidateToken(billing, async () => {
      await m.publishUserCreated(billing, { entity_id: 7, after_data: { email: "a@b.example" } });
      return { valid: true } as never;
    });
    await billing.start();
    const tool = operator();
    const ending = new AbortController();
    const seen: string[] = [];
    const tailing = (async () => {
      const options = { streams: STREAMS, signal: ending.signal, filter: {}, notice: () => {} };
      for await (const { type } of tail(tool, descriptors, options)) seen.push(type ?? "");
    })();
    try {
      await using web = service("web");
      // What was added before the tail had begun is none of its.
      await eventually(
        async () => {
          await m.sendValidateToken(web, { token: "t" } as never, { targetService: "billing" });
          return seen;
        },
        (types) => types.includes("validate_token") && types.includes("user.created"),
      );
      const [command] = await all(streamEntries("commands", { env: env() }));
      const range = { streams: ["events", "commands"], from: "0-0", to: "+", most: 100 };
      const story = await explain(tool, descriptors, command?.id ?? "", range);
      const lines = linesOf(story.parts.map((part) => told(part))).join("\n");
      expect(lines).toMatch(/validate_token/);
      expect(lines).toMatch(/user\.created/);
      const { types } = await readTraffic(tool, descriptors);
      expect(types.map(({ type }) => type)).toEqual(expect.arrayContaining(["user.created", "validate_token"]));
      expect(await all(storedEntries(["events"], { env: env() }))).not.toEqual([]);
    } finally {
      ending.abort();
      await tailing;
      tool.routes.close();
    }
  });

  it("partition a stream, and list and show its partitions, wherever they are", async () => {
    await using operations = new Operations({ env: env() });
    const { after } = await operations.partitions.set("events", 4);
    expect(after.streams).toHaveLength(4);
    expect((await operations.partitions.list("events")).map(({ stream }) => stream)).toEqual(after.streams);
    const { streams, unseen } = await readStatus({ env: env() });
    expect(unseen).toEqual([]);
    expect(streams.map(({ name }) => name)).toEqual(expect.arrayContaining([...after.streams]));
  });

  it("pause, resume and retire a group in all partitions of a stream, wherever they are", async () => {
    await using operations = new Operations({ env: env(), leaseSeconds: 0.3 });
    const { groups, partitions } = operations;
    const first = service("billing");
    m.onUserCreated(first, () => {});
    await first.start();
    await first.close();
    const { after } = await eventually(() => partitions.set("events", 4));
    const places = after.streams.map((stream) => streamKeys(stream, GROUP));
    const isPaused = () => Promise.all(places.map(({ paused }) => at(paused, (client) => client.exists(paused))));
    await groups.pause("events", GROUP);
    expect(await isPaused()).toEqual([1, 1, 1, 1]);
    await groups.resume("events", GROUP);
    expect(await isPaused()).toEqual([0, 0, 0, 0]);
    expect(await groups.retryNow("events", GROUP)).toBe(0);

    const last = places[3] as StreamKeys;
    await at(last.paused, (client) => client.set(last.paused, "another's"));
    await expect(groups.pause("events", GROUP)).rejects.toThrow(
      `this was done in 3 of 4 partitions, not in ${last.stream} and those after it; repeat it: `,
    );
    await at(last.paused, (client) => client.del(last.paused));
    await groups.resume("events", GROUP);

    const masters = await Promise.all(after.streams.map(masterOf));
    const far = places[
      Math.max(
        1,
        masters.findIndex((each) => each !== masters[0]),
      )
    ] as StreamKeys;
    await at(far.stream, (client) => client.xadd(far.stream, "*", "a", "1"));
    expect(await groups.retirePlan("events", GROUP)).toMatchObject({ unread: 1 });
    await expect(groups.retire("events", GROUP)).rejects.toThrow("it has not handled 1 unread");
    const counts = () => Promise.all(places.map(({ stream }) => at(stream, (c) => c.xinfo("GROUPS", stream))));
    expect((await counts()).map((found) => (found as unknown[]).length)).toEqual([1, 1, 1, 1]);
    // An attempt that was cut off has removed it from here.
    await at(last.stream, (client) => client.xgroup("DESTROY", last.stream, GROUP));
    await at(last.stream, (client) => client.del(last.floor, last.groups));
    await groups.retire("events", GROUP, { force: true });
    expect((await counts()).flat()).toEqual([]);
  });

  it("say that all is well, with every stream, group and service, and examine the installation", async () => {
    await using billing = service("billing", { announce: true, healthIntervalSeconds: 0.1 });
    m.onUserCreated(billing, () => {});
    m.handleValidateToken(billing, () => ({ valid: true }) as never);
    await billing.start();
    await m.publishUserCreated(billing, { entity_id: 1, after_data: { email: "a@b.example" } });
    await using collector = new HealthCollector({ env: env() });
    await collector.start();
    await eventually(
      () => collector.services(),
      ([found]) => found?.service === "billing",
    );
    const status = await eventually(
      () => readStatus({ env: env(), messages: descriptors }),
      (found) => found.services.length === 1 && diagnose(found).every(({ severity }) => severity === "notice"),
    );
    expect(status).toMatchObject({ unseen: [], refused: [] });
    const groups = status.streams.flatMap((stream) => stream.groups.map(({ name }) => `${name} on ${stream.name}`));
    expect(groups).toEqual(expect.arrayContaining(["billing-workers on commands", "billing-workers on events"]));
    expect(status.streams.find(({ name }) => name === "events")?.groups[0]?.members.alive).toBe(1);
    expect(status.services).toMatchObject([{ name: "billing", status: "healthy", isAlive: true }]);
    expect(prometheusText(status, [])).toMatch(/merp_status_redis_memory_used_bytes/);
    // Less than the doctor itself needs.
    const findings = await all(examine({ env: { ...env(), REDIS_MAX_CONNECTIONS: "4" }, service: "ada" }));
    expect(findings.filter(({ verdict }) => verdict === "bad")).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["command", "clean up", "stream events"]),
    );
  });
});

describe("a user of the operator's on a cluster", () => {
  const rightsOf = async (user: string): Promise<readonly string[]> => {
    const page = await readFile(new URL("../../docs/security.md", import.meta.url), "utf8");
    const [, rights = ""] = new RegExp(`^user ${user} (.*)$`, "m").exec(page) ?? [];
    return rights.split(" ");
  };
  const give = async (...rights: readonly string[]): Promise<void> => {
    for (const node of cluster.nodes) await onNode(node, (client) => client.call("ACL", "SETUSER", ...rights));
  };
  const as = (user: string) => ({ ...installations[1]?.[1].env(), REDIS_USERNAME: user, REDIS_PASSWORD: "change-me" });

  it("sees everything with the rights of a viewer and those of a cluster", async () => {
    await give("viewer", ...(await rightsOf("viewer")), "+cluster|slots", "+cluster|info");
    const status = await readStatus({ env: as("viewer") });
    expect(status).toMatchObject({ refused: [], unseen: [], cluster: { state: "ok", uncovered: [] } });
    expect(status.cluster?.nodes.map(({ problem }) => problem)).toEqual(Array(6).fill(null));
  });

  it("changes no partition of a group while one cannot be asked", async () => {
    await using operations = new Operations({ env: installations[1]?.[1].env() ?? {} });
    await using billing = createService({}, { service: "billing", env: installations[1]?.[1].env() ?? {}, ...LEASE });
    m.onUserCreated(billing, () => {});
    await billing.start();
    await billing.close();
    const { after } = await operations.partitions.set("events", 4, { force: true });
    const masters = await Promise.all(after.streams.map((each) => cluster.masterOf(each)));
    const far = masters.find((each) => each !== masters[0]) as RedisServer;
    await give("half", "on", ">change-me", "~*", "&*", "+@all");
    await onNode(far, (client) => client.call("ACL", "SETUSER", "half", "-exists"));
    await using halved = new Operations({ env: as("half") });
    await expect(halved.groups.pause("events", GROUP)).rejects.toThrow("exists");
    await expect(halved.groups.retire("events", GROUP, { force: true })).rejects.toThrow();
    expect(await operations.groups.paused()).toEqual([]);
    const kept = (await operations.partitions.list("events")).map(({ groups }) => groups.length);
    expect(kept).toEqual([1, 1, 1, 1]);
    await cluster.flush();
  });

  it("is told which right is missing", async () => {
    await give("blind", ...(await rightsOf("viewer")));
    await expect(readStatus({ env: as("blind") })).rejects.toMatchObject({
      code: "REDIS_REFUSED",
      message: expect.stringMatching(/cluster\|(info|slots)/),
    });
  });
});

it("a look at many streams asks each master in as many round trips as a look at few", async () => {
  const trips = async (streams: readonly string[]): Promise<readonly number[]> => {
    const reads = async (node: RedisServer): Promise<number> => {
      const info = await onNode(node, (client) => client.info("stats"));
      return Number(/total_reads_processed:(\d+)/.exec(info)?.[1]);
    };
    const before = await Promise.all(cluster.masters.map(reads));
    await readStatus({ env: { REDIS_CLUSTER_NODES: cluster.seeds }, streams });
    return (await Promise.all(cluster.masters.map(reads))).map((count, at) => count - (before[at] ?? 0));
  };
  const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `s${at}`);
  for (const name of names(30)) {
    const master = await cluster.masterOf(name);
    await onNode(master, async (client) => {
      for (let group = 0; group < 10; group++)
        await client.xgroup("CREATE", name, `g${group}-workers`, "0", "MKSTREAM");
    });
  }
  const few = await trips(names(9));
  const many = await trips(names(30));
  // What else the nodes read meanwhile, and a request that arrives in several pieces, are in these numbers.
  expect(Math.max(...many)).toBeLessThan(Math.max(...few) + 40);
  await cluster.flush();
});
