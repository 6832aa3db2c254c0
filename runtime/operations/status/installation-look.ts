import { slotOf } from "../../broker/slot.js";
import type { RedisConfig } from "../../config/redis-config.js";
import { addressOf, type NodeAddress, nodeOf } from "../../config/redis-nodes.js";
import { askNode, type NodeAccess } from "../../redis/ask-node.js";
import type { Client } from "../../redis/connection.js";
import { isRedirect } from "../../redis/reply.js";
import { Rounds } from "../../redis/round.js";
import { noMaster } from "../../redis/slot-finder.js";
import type { Routes } from "../routes.js";
import { type ClusterLook, lookAtCluster } from "./cluster-look.js";
import type { UnseenStream } from "./cluster-status.js";
import { type Look, lookAtStreams, lookOf, type Part } from "./look.js";
import { partitionsOf } from "./partitions-look.js";
import type { Plan, PlannedStream } from "./plan.js";
import { lookAtRedis } from "./redis-look.js";

/**
 * Looks at an installation once. On a cluster each master is asked by itself, all of them at the same time: what one of them does
 * not tell is not known, and everything else is.
 *
 * @throws {ConnectionError} Redis, or every node of the cluster, cannot be reached or lets this user not in
 */
export function lookAtInstallation(routes: Routes, plan: Plan, earlier: Look | undefined): Promise<Look> {
  const { redis } = plan.config;
  if (redis.cluster !== undefined) return lookAtMasters(redis, plan, { seeds: redis.cluster.nodes, earlier });
  const [stream] = plan.streams;
  return routes.at(stream?.name ?? "").ask("reading the status", (client) => lookAtOne(client, plan, earlier));
}

async function lookAtOne(client: Client, plan: Plan, earlier: Look | undefined): Promise<Look> {
  const rounds = new Rounds(client);
  const { nowMs, status: redis } = await lookAtRedis(rounds, earlier?.status.redis ?? undefined);
  const streams = (await partitionsOf(rounds, plan.streams)).flat();
  const part = await lookAtStreams(rounds, { ...plan, streams }, { nowMs, earlier });
  return lookOf(
    { ...plan, streams },
    { redis, cluster: null, parts: [part], unseen: [], refused: rounds.refused },
    earlier,
  );
}

/** What a master shows, or why it does not show it. */
interface MasterLook {
  readonly parts: readonly Part[];
  readonly unseen: readonly UnseenStream[];
  readonly refused: ReadonlySet<string>;
}

interface About {
  readonly access: NodeAccess;
  readonly plan: Plan;
  readonly earlier: Look | undefined;
}

async function lookAtMasters(
  redis: RedisConfig,
  plan: Plan,
  { seeds, earlier }: { readonly seeds: readonly NodeAddress[]; readonly earlier: Look | undefined },
): Promise<Look> {
  const before = earlier?.status.cluster ?? undefined;
  const remembered = (before?.nodes ?? []).flatMap(({ address }) => nodeOf(address) ?? []);
  const cluster = await lookAtCluster(redis, [...seeds, ...remembered], before);
  const about: About = { access: cluster.access, plan, earlier };
  const streams = await withPartitions(plan.streams, cluster);
  const looks = await Promise.all(
    byMaster(streams, cluster).map(([master, streams]) => lookAtMaster(master, streams, { cluster, about })),
  );
  const found = {
    ...{ redis: null, cluster: cluster.status },
    parts: looks.flatMap(({ parts }) => parts),
    unseen: looks.flatMap(({ unseen }) => unseen),
    refused: new Set([...cluster.refused, ...looks.flatMap(({ refused }) => [...refused])]),
  };
  return lookOf({ ...plan, streams }, found, earlier);
}

/** The streams with their partitions, which other masters may have. Of a stream that cannot be asked they are not known. */
async function withPartitions(
  planned: readonly PlannedStream[],
  cluster: ClusterLook,
): Promise<readonly PlannedStream[]> {
  const found = new Map<PlannedStream, readonly PlannedStream[]>();
  const asking = byMaster(planned, cluster).map(async ([master, streams]) => {
    if (master === undefined || problemOf(master, cluster) !== null) return;
    const partitions = await askNode(master, cluster.access, (client) => partitionsOf(new Rounds(client), streams));
    for (const [at, stream] of streams.entries()) found.set(stream, partitions[at] ?? [stream]);
  });
  await Promise.allSettled(asking);
  return planned.flatMap((stream) => found.get(stream) ?? [stream]);
}

function problemOf(master: NodeAddress, { status }: ClusterLook): string | null {
  const address = addressOf(master);
  return status.nodes.find((node) => node.address === address)?.problem ?? null;
}

function byMaster(
  streams: readonly PlannedStream[],
  cluster: ClusterLook,
): readonly (readonly [NodeAddress | undefined, readonly PlannedStream[]])[] {
  const masters = new Map<string, { readonly master: NodeAddress | undefined; readonly streams: PlannedStream[] }>();
  for (const stream of streams) {
    const master = cluster.masterOf(slotOf(stream.name));
    const address = master === undefined ? "" : addressOf(master);
    const known = masters.get(address);
    if (known === undefined) masters.set(address, { master, streams: [stream] });
    else known.streams.push(stream);
  }
  return [...masters.values()].map(({ master, streams }) => [master, streams] as const);
}

async function lookAtMaster(
  master: NodeAddress | undefined,
  streams: readonly PlannedStream[],
  { cluster, about }: { readonly cluster: ClusterLook; readonly about: About },
): Promise<MasterLook> {
  if (master === undefined) return unseen(streams, null, ({ name }) => noMaster(slotOf(name)).message);
  const address = addressOf(master);
  const problem = problemOf(master, cluster);
  if (problem !== null) return unseen(streams, address, () => problem);
  try {
    return await lookAtPart(master, streams, about);
  } catch (error) {
    // A slot that is on its way to another master hides none but its own streams.
    if (!isRedirect(error) || streams.length === 1) return unseen(streams, address, () => (error as Error).message);
    const each = await Promise.all(streams.map((stream) => lookAtMaster(master, [stream], { cluster, about })));
    return {
      parts: each.flatMap(({ parts }) => parts),
      unseen: each.flatMap((one) => one.unseen),
      refused: new Set(each.flatMap(({ refused }) => [...refused])),
    };
  }
}

function lookAtPart(
  master: NodeAddress,
  streams: readonly PlannedStream[],
  { access, plan, earlier }: About,
): Promise<MasterLook> {
  return askNode(master, access, async (client) => {
    const rounds = new Rounds(client);
    const { nowMs } = await rounds.time();
    const part = await lookAtStreams(rounds, { ...plan, streams }, { nowMs, earlier });
    return { parts: [part], unseen: [], refused: rounds.refused };
  });
}

function unseen(
  streams: readonly PlannedStream[],
  master: string | null,
  why: (stream: PlannedStream) => string,
): MasterLook {
  const found = streams.map((stream) => ({ name: stream.name, master, why: why(stream) }));
  return { parts: [], unseen: found, refused: new Set() };
}
