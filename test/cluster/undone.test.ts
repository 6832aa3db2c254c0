import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Messaging, onUserCreated, type Published, publishUserCreated } from "../../generated/index.js";
import { recordOf } from "../../runtime/broker/topology.js";
import { fieldOf } from "../../runtime/contract/codec.js";
import { topologyKey } from "../../runtime/redis/keys.js";
import { type RedisCluster, startCluster } from "../support/cluster.js";
import { eventually } from "../support/eventually.js";
import { createService } from "../support/service.js";

/** Two for each third of the slots, so that a master has at least two of them. */
const STREAMS = ["events", ...Array.from({ length: 5 }, (_, at) => `events:${at + 1}`)];
const GROUPS = ["billing", "audit"];
const ENTITIES = 24;

let cluster: RedisCluster;
const opened: Messaging[] = [];
/** What was confirmed, in the order in which it was. */
const confirmed: { readonly serial: number; readonly published: Published }[] = [];
const handled = new Map(GROUPS.map((group) => [group, new Set<number>()]));
/** What is in each stream after the failover. */
let kept: ReadonlyMap<string, readonly number[]>;
/** The streams whose master was killed. */
let lostStreams: readonly string[];

const redis = () => ({ ...cluster.address, connectionTimeoutSeconds: 30, socketTimeoutSeconds: 1 });

function publish(messaging: Messaging, serial: number): Promise<Published> {
  const id = `00000000-0000-4000-8000-${String(serial).padStart(12, "0")}`;
  const message = { entity_id: 1 + (serial % ENTITIES), after_data: { email: `${serial}@b.example` } };
  return publishUserCreated(messaging, message, { id, once: true });
}

async function contents(): Promise<ReadonlyMap<string, readonly number[]>> {
  const client = cluster.connect();
  try {
    const all = new Map<string, readonly number[]>();
    for (const stream of STREAMS) {
      const entries = await client.xrange(stream, "-", "+");
      all.set(
        stream,
        entries.map(([, fields]) => Number.parseInt(String(fieldOf(fields, "after_data")).replace(/\D+/, ""), 10)),
      );
    }
    return all;
  } finally {
    client.disconnect();
  }
}

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
  const client = cluster.connect();
  await client.hset(topologyKey("events"), recordOf({ version: 1, streams: STREAMS, retired: [] }));
  client.disconnect();
  for (const group of GROUPS) {
    const member = createService({}, { service: group, redis: redis(), leaseSeconds: 5, order: "entity" });
    opened.push(member);
    onUserCreated(member, ({ after_data }) => {
      handled.get(group)?.add(Number.parseInt(after_data.email, 10));
    });
    await member.start();
  }
  const publisher = createService({}, { redis: redis() });
  opened.push(publisher);
  const publishOne = async (serial: number): Promise<void> => {
    confirmed.push({ serial, published: await publish(publisher, serial) });
  };
  for (let serial = 1; serial <= 100; serial++) await publishOne(serial);
  const victim = await cluster.masterOf("events");
  lostStreams = [];
  for (const stream of STREAMS) if ((await cluster.masterOf(stream)) === victim) lostStreams = [...lostStreams, stream];
  await cluster.cutReplicasOf(victim);
  for (let serial = 101; serial <= 300; serial++) await publishOne(serial);
  await victim.kill();
  await cluster.replaced(victim, "events");
  await cluster.mend();
  kept = await contents();
}, 120_000);
afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()));
  await cluster.stop();
});

describe("where a replica that was behind has taken the place of its master", () => {
  it("every retained entry is handled by every group at least once; a failover loses entries only together with all that came later in their shard", async () => {
    const isKept = ({ serial, published }: (typeof confirmed)[number]): boolean =>
      kept.get(published.stream)?.includes(serial) ?? false;
    const ofShard = confirmed.filter(({ published }) => lostStreams.includes(published.stream));
    expect(lostStreams.length).toBeGreaterThan(1);
    const fates = ofShard.map(isKept);
    expect(fates.includes(false)).toBe(true);
    // All that was kept stands before all that was lost.
    expect(fates.lastIndexOf(true)).toBeLessThan(fates.indexOf(false));
    expect(confirmed.filter(({ published }) => !lostStreams.includes(published.stream)).every(isKept)).toBe(true);
    const retained = [...kept.values()].flat();
    for (const group of GROUPS) {
      await eventually(() => retained.filter((serial) => !handled.get(group)?.has(serial)).length === 0, Boolean, {
        withinMs: 60_000,
      });
    }
  }, 90_000);

  it("publishing again, once, whatever was published since then leaves each message in its stream once", async () => {
    const publisher = createService({}, { redis: redis() });
    opened.push(publisher);
    for (const _again of [1, 2]) {
      await Promise.all(confirmed.map(({ serial }) => publish(publisher, serial)));
    }
    const now = await contents();
    for (const stream of STREAMS) {
      const due = confirmed.filter(({ published }) => published.stream === stream).map(({ serial }) => serial);
      expect([...(now.get(stream) ?? [])].sort((one, other) => one - other)).toEqual(due);
    }
  }, 60_000);
});
