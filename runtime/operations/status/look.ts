import { ageOf } from "../../broker/entry-id.js";
import { idState } from "../../broker/id-state.js";
import type { Client } from "../../redis/connection.js";
import { Rounds } from "../../redis/round.js";
import { type EarlierGroups, groupKey, type LookedGroup, lookAtGroups, perSecond } from "./groups-look.js";
import { withPartitions } from "./partitions-look.js";
import { pausesOf } from "./pause-look.js";
import type { Plan, PlannedStream } from "./plan.js";
import { lookAtRedis } from "./redis-look.js";
import { servicesOf } from "./services-look.js";
import type { Status, StreamStatus } from "./status.js";
import { askOfStream, lettersOf, type StreamReplies } from "./stream-look.js";
import { typesOf } from "./type-look.js";

/** A look, and what is kept of it for the next one. */
export interface Look {
  readonly status: Status;
  readonly groups: EarlierGroups;
}

/** Looks at an installation once. */
export async function look(
  client: Client,
  { config, streams: planned }: Plan,
  earlier: Look | undefined,
): Promise<Look> {
  const rounds = new Rounds(client);
  const streams = await withPartitions(rounds, planned);
  const before = earlier?.status;
  const { nowMs, status: redis } = await lookAtRedis(rounds, before?.redis);
  const sinceMs = before === undefined ? null : Math.max(1, nowMs - before.atMs);
  const replies = await rounds.ask((round) =>
    Promise.all(streams.map(({ name, kind }) => askOfStream(round, name, kind === "health"))),
  );
  const { leaseMs, deadLettersMax, deadLetterTtlMs } = config;
  const groups = await lookAtGroups(rounds, replies, {
    ...{ nowMs, leaseMs, suffix: config.group.slice(config.service.length) },
    earlier: earlier && { atMs: earlier.status.atMs, groups: earlier.groups },
  });
  const status: Status = {
    at: new Date(nowMs).toISOString(),
    atMs: nowMs,
    address: config.redis.address,
    environment: config.environment,
    settings: { leaseMs, deadLettersMax, deadLetterTtlMs },
    sinceMs,
    redis,
    streams: streams.map((stream, at) => {
      const found = replies[at] as StreamReplies;
      const own = groups.filter(({ place }) => place.stream === found);
      return streamOf(stream, found, { groups: own, nowMs, sinceMs, before });
    }),
    services: servicesOf({
      reports: newestOf("health", streams, replies),
      events: newestOf("event", streams, replies),
      isAlive: (service) => isAlive(service, groups),
      nowMs,
    }),
    paused: groups.flatMap(({ status: { stream, name: group }, replies: { pauses } }) =>
      pausesOf(pauses, { stream, group, nowMs }),
    ),
    refused: [...rounds.refused].sort(),
  };
  return { status, groups: new Map(groups.map((group) => [groupKey(group.status), group])) };
}

interface About {
  readonly groups: readonly LookedGroup[];
  readonly nowMs: number;
  readonly sinceMs: number | null;
  readonly before: Status | undefined;
}

function streamOf(
  { name, kind, types }: PlannedStream,
  replies: StreamReplies,
  { groups, nowMs, sinceMs, before }: About,
): StreamStatus {
  const { keyType, look: found, length, bytes, newest } = replies;
  const [, added = null, greatest, first, last] = found ?? [];
  const addedBefore = before?.streams.find((each) => each.name === name)?.added;
  const handling = groups.map((group) => ({ isServed: group.status.isServed, records: group.replies.types }));
  return {
    ...{ name, keyType, kind, length },
    bytes: bytes ?? null,
    oldestMs: first === undefined ? null : ageOf(first, nowMs),
    newestMs: last === undefined ? null : ageOf(last, nowMs),
    added,
    addedPerSecond: perSecond(added, addedBefore, sinceMs ?? 0),
    ids: idState(greatest, nowMs),
    groups: groups.map(({ status }) => status),
    letters: lettersOf(replies, nowMs),
    types: typesOf(newest, handling, types),
  };
}

function newestOf(kind: StreamStatus["kind"], streams: readonly PlannedStream[], replies: readonly StreamReplies[]) {
  return replies.filter((_, at) => streams[at]?.kind === kind).flatMap(({ newest }) => newest);
}

/** Whether anybody of a service is there; `undefined` when it has no group. */
function isAlive(service: string, groups: readonly LookedGroup[]): boolean | undefined {
  const own = groups.filter(({ status }) => status.service === service);
  if (own.length === 0) return undefined;
  return own.some(({ status: { isServed, members } }) => isServed || members.alive > 0);
}
