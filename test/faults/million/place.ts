import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { RedisOptions } from "../../../generated/index.js";
import { startRedis } from "../../../runtime/testing/redis/index.js";
import { startCluster } from "../../support/cluster.js";
import { instant } from "../journal.js";
import type { Disturbance } from "./verdict.js";

/** Where the messages are, and what happens to it. */
export interface Place {
  readonly address: RedisOptions;
  /** Looks at it from outside. */
  readonly client: Redis;
  /** What may happen to the master of a stream, by name. Each resolves when all servers are well again. */
  readonly faults: Readonly<Record<string, (stream: string) => Promise<void>>>;
  readonly undoings: readonly Disturbance[];
  readonly moves: readonly Disturbance[];
  /** A stream has another master than before. */
  moved(stream: string): void;
  stop(): Promise<void>;
}

export async function startOne(): Promise<Place> {
  const redis = await startRedis();
  const client = new Redis(redis.url);
  return {
    address: { url: redis.url },
    client,
    faults: {},
    undoings: [],
    moves: [],
    moved: () => {},
    async stop() {
      client.disconnect();
      await redis.stop();
    },
  };
}

/** So long a master is cut off from its replica before it is killed. */
const CUT_MS = 700;
/** A process that uses a stream may notice a failover so long after it. */
const NOTICED_MS = 10_000;

/**
 * Three masters with a replica each.
 *
 * @param streams - what is on it
 * @param nodeTimeoutMs - longer than a node may wait for a processor
 */
export async function startThree(streams: readonly string[], nodeTimeoutMs: number): Promise<Place> {
  const cluster = await startCluster({ replicas: 1, arguments: ["--cluster-node-timeout", `${nodeTimeoutMs}`] });
  const client = cluster.connect();
  const undoings: (Disturbance & { until: number })[] = [];
  const moves: (Disturbance & { until: number })[] = [];
  let struckAt = Number.NEGATIVE_INFINITY;

  async function servedBy(master: unknown): Promise<string[]> {
    const served: string[] = [];
    for (const stream of streams) if ((await cluster.masterOf(stream)) === master) served.push(stream);
    return served;
  }

  /** Takes away the master of a stream, until a replica has its place. Then it comes back as a replica. */
  async function without(stream: string, take: (master: Awaited<ReturnType<typeof cluster.masterOf>>) => unknown) {
    const master = await cluster.masterOf(stream);
    const undoing = { from: instant(), until: Number.POSITIVE_INFINITY, streams: await servedBy(master) };
    undoings.push(undoing);
    try {
      await take(master);
      await cluster.replaced(master, stream);
      await sleep(500 * Math.random());
    } finally {
      await mended();
      undoing.until = instant();
    }
  }

  /** On a busy machine that takes several looks. */
  async function mended(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await cluster.mend();
      } catch (error) {
        if (tries === 10) throw error;
      }
    }
  }

  const deeds: Readonly<Record<string, (stream: string) => Promise<unknown>>> = {
    "a master killed": (stream) => without(stream, (master) => master.kill()),
    "a master killed, its replica behind": (stream) =>
      without(stream, async (master) => {
        await cluster.cutReplicasOf(master);
        await sleep(CUT_MS);
        await master.kill();
      }),
    "a master stopped": (stream) => without(stream, (master) => master.pause()),
    "a planned failover": async (stream) => {
      await cluster.failOver(stream);
      await mended();
    },
    async "a slot moved"(stream) {
      const move = { from: instant(), until: Number.POSITIVE_INFINITY, streams: [stream] };
      moves.push(move);
      await cluster.moveSlotOf(stream, 0, 20);
      move.until = instant();
    },
  };

  const faults = Object.entries(deeds).map(([name, deed]) => {
    const strike = async (stream: string): Promise<void> => {
      struckAt = Number.POSITIVE_INFINITY;
      await deed(stream);
      struckAt = instant();
    };
    return [name, strike] as const;
  });

  return {
    address: cluster.address,
    client,
    undoings,
    moves,
    faults: Object.fromEntries(faults),
    moved(stream) {
      const now = instant();
      // Where nobody has struck, the nodes themselves have found a busy master dead.
      if (now - struckAt > NOTICED_MS) undoings.push({ from: now - NOTICED_MS, until: now, streams: [stream] });
    },
    async stop() {
      client.disconnect();
      await cluster.stop();
    },
  };
}
