import { SLOTS } from "../../broker/slot.js";
import type { RedisConfig } from "../../config/redis-config.js";
import { addressOf, type NodeAddress } from "../../config/redis-nodes.js";
import { askNode, type NodeAccess } from "../../redis/ask-node.js";
import { factsIn, rangesIn, type SlotRange } from "../../redis/cluster-view.js";
import { nodeAccess } from "../../redis/node-access.js";
import { NodeNotFoundError, reachedAt } from "../../redis/node-finder.js";
import { Rounds } from "../../redis/round.js";
import { unreachable } from "../../redis/unreachable.js";
import { systemClock } from "../../time/clock.js";
import type { ClusterStatus, NodeStatus } from "./cluster-status.js";
import { lookAtRedis } from "./redis-look.js";
import type { RedisStatus } from "./redis-status.js";

/** A node that is silent for longer holds up the picture of the others. */
const PATIENCE_MS = 3000;

/** What a look at a cluster shows. */
export interface ClusterLook {
  readonly status: ClusterStatus;
  readonly access: NodeAccess;
  readonly refused: ReadonlySet<string>;
  /** The master of a slot. */
  masterOf(slot: number): NodeAddress | undefined;
}

/** What a node has replied. */
interface Seen {
  readonly node: NodeAddress;
  readonly state: "ok" | "fail";
  readonly epoch: number;
  readonly failingSlots: number;
  readonly ranges: readonly SlotRange[];
  readonly redis: RedisStatus;
  readonly refused: ReadonlySet<string>;
}

/**
 * Asks every node of a cluster, those that are named and those that these name. Also one that is down, and each node whatever
 * the others say.
 *
 * @throws {ConnectionError} no node tells of the cluster
 */
export async function lookAtCluster(
  config: RedisConfig,
  known: readonly NodeAddress[],
  before: ClusterStatus | undefined,
): Promise<ClusterLook> {
  const access = await nodeAccess(config, systemClock);
  const patient = { ...access, limitMs: Math.min(PATIENCE_MS, access.limitMs) };
  const replies = new Map<string, Promise<Seen | Error>>();
  const ask = async (nodes: readonly NodeAddress[]): Promise<void> => {
    const asking = nodes.flatMap((node) => {
      const address = addressOf(node);
      if (replies.has(address)) return [];
      const earlier = before?.nodes.find((each) => each.address === address)?.redis ?? undefined;
      const reply = askOne(config, patient, node, earlier);
      replies.set(address, reply);
      return [reply];
    });
    const seen = (await Promise.all(asking)).filter(isSeen);
    if (seen.length > 0) await ask(seen.flatMap(({ ranges }) => ranges.flatMap(({ nodes }) => nodes)));
  };
  await ask(known);
  const answers = new Map(
    await Promise.all([...replies].map(async ([address, reply]) => [address, await reply] as const)),
  );
  const [best] = [...answers.values()].filter(isSeen).sort(bestFirst);
  if (best === undefined) throw unknownCluster(config, answers);
  const ranges = servedRanges(best, answers);
  return {
    status: statusOf({ ...best, ranges }, answers),
    access: patient,
    refused: new Set([...answers.values()].filter(isSeen).flatMap(({ refused }) => [...refused])),
    masterOf: (slot) => ranges.find(({ first, last }) => first <= slot && slot <= last)?.nodes[0],
  };
}

function isSeen(reply: Seen | Error): reply is Seen {
  return !(reply instanceof Error);
}

/** A node that finds the cluster down, or has not heard of the last failover, may be an old master that has lost the others. */
function bestFirst(one: Seen, other: Seen): number {
  if (one.state !== other.state) return one.state === "ok" ? -1 : 1;
  return other.epoch - one.epoch;
}

/** What the best informed node says, without the slots that their own master knows to be nobody's: the others are not told so. */
function servedRanges(best: Seen, answers: ReadonlyMap<string, Seen | Error>): readonly SlotRange[] {
  return best.ranges.flatMap((range) => {
    const [master] = range.nodes;
    const own = master && answers.get(addressOf(master));
    return own === undefined || !isSeen(own) ? [range] : own.ranges.flatMap((known) => overlap(range, known));
  });
}

function overlap(range: SlotRange, other: SlotRange): readonly SlotRange[] {
  const first = Math.max(range.first, other.first);
  const last = Math.min(range.last, other.last);
  return first > last ? [] : [{ ...range, first, last }];
}

async function askOne(
  config: RedisConfig,
  access: NodeAccess,
  node: NodeAddress,
  before: RedisStatus | undefined,
): Promise<Seen | Error> {
  const natMap = config.cluster?.natMap ?? {};
  const reached = (announced: NodeAddress): NodeAddress =>
    reachedAt(natMap, { ...announced, host: announced.host || node.host });
  try {
    return await askNode(node, access, async (client) => {
      const rounds = new Rounds(client);
      const { status: redis } = await lookAtRedis(rounds, before);
      // These two are what all clients need: without them there is nothing to tell.
      const [info, slots] = await Promise.all([client.cluster("INFO"), client.cluster("SLOTS")]);
      const facts = factsIn(String(info));
      const number = (name: string): number => Number(facts.get(name) ?? 0);
      return {
        ...{ node, redis, refused: rounds.refused, epoch: number("cluster_current_epoch") },
        state: facts.get("cluster_state") === "ok" ? "ok" : "fail",
        failingSlots: number("cluster_slots_fail") + number("cluster_slots_pfail"),
        ranges: rangesIn(slots as readonly unknown[], reached),
      } as const;
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function unknownCluster(config: RedisConfig, answers: ReadonlyMap<string, Seen | Error>): Error {
  const problems = [...answers].map(([address, answer]) => `${address}: ${(answer as Error).message}`);
  const refusal = [...answers.values()].find((answer) => (answer as Error).name === "ReplyError") as Error | undefined;
  const cause = refusal ?? new NodeNotFoundError([...new Set(problems)].join("; "));
  return unreachable(config, { cause, silence: "no answer", found: "" });
}

function statusOf(best: Seen, answers: ReadonlyMap<string, Seen | Error>): ClusterStatus {
  const owners = new Map<string, { slots: number; readonly replicas: Set<string> }>();
  for (const { first, last, nodes } of best.ranges) {
    const [master, ...replicas] = nodes.map(addressOf);
    if (master === undefined) continue;
    const owner = owners.get(master) ?? { slots: 0, replicas: new Set<string>() };
    owners.set(master, owner);
    owner.slots += last - first + 1;
    for (const replica of replicas) owner.replicas.add(replica);
  }
  const places = [...owners].flatMap(([master, { slots, replicas }]) => [
    { address: master, role: "master", master: null, slots } as const,
    ...[...replicas].map((address) => ({ address, role: "replica", master, slots: 0 }) as const),
  ]);
  const listed = new Set(places.map(({ address }) => address));
  const others = [...answers.keys()].filter((address) => !listed.has(address));
  const strays = others.map((address) => ({ address, role: null, master: null, slots: 0 }) as const);
  return {
    ...{ state: best.state, epoch: best.epoch, failingSlots: best.failingSlots, uncovered: uncovered(best.ranges) },
    nodes: [...places, ...strays].map((place) => nodeOf(place, answers.get(place.address), owners)),
  };
}

function nodeOf(
  place: Pick<NodeStatus, "address" | "role" | "master" | "slots">,
  answer: Seen | Error | undefined,
  owners: ReadonlyMap<string, unknown>,
): NodeStatus {
  if (answer === undefined || !isSeen(answer)) {
    const problem = answer?.message || "no answer";
    return { ...place, problem, state: null, epoch: null, claims: 0, redis: null };
  }
  const { state, epoch, redis, ranges } = answer;
  const own = ranges.filter(({ nodes: [master] }) => master !== undefined && addressOf(master) === place.address);
  const claimed = own.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return { ...place, problem: null, state, epoch, claims: owners.has(place.address) ? 0 : claimed, redis };
}

function uncovered(ranges: readonly SlotRange[]): readonly string[] {
  const gaps: string[] = [];
  let next = 0;
  const end = { first: SLOTS, last: SLOTS };
  for (const { first, last } of [...ranges].sort((one, other) => one.first - other.first).concat(end as SlotRange)) {
    if (first > next) gaps.push(first - 1 === next ? `${next}` : `${next}-${first - 1}`);
    next = Math.max(next, last + 1);
  }
  return gaps;
}
