import { ageOf } from "../../broker/entry-id.js";
import { idState } from "../../broker/id-state.js";
import type { Rounds } from "../../redis/round.js";
import type { ClusterStatus, UnseenStream } from "./cluster-status.js";
import { type EarlierGroups, groupKey, type LookedGroup, lookAtGroups, perSecond } from "./groups-look.js";
import { pausesOf } from "./pause-look.js";
import type { Plan, PlannedStream } from "./plan.js";
import type { RedisStatus } from "./redis-status.js";
import { type NewestEntries, servicesOf } from "./services-look.js";
import type { Status, StreamStatus } from "./status.js";
import { askOfStream, lettersOf, type StreamReplies } from "./stream-look.js";
import { typesOf } from "./type-look.js";

/** A look, and what is kept of it for the next one. */
export interface Look {
  readonly status: Status;
  readonly groups: EarlierGroups;
  /** When each stream was looked at, by the clock of the master that had it, in ms since 1970. */
  readonly moments: ReadonlyMap<string, number>;
}

/** What one Redis, or one master of a cluster, shows of the streams that it has. */
export interface Part {
  /** By its clock. */
  readonly nowMs: number;
  readonly streams: readonly SeenStream[];
  readonly groups: readonly LookedGroup[];
}

interface SeenStream {
  readonly planned: PlannedStream;
  readonly replies: StreamReplies;
  readonly nowMs: number;
}

/** Everything that was found. */
export interface Found {
  readonly redis: RedisStatus | null;
  readonly cluster: ClusterStatus | null;
  readonly parts: readonly Part[];
  readonly unseen: readonly UnseenStream[];
  readonly refused: ReadonlySet<string>;
}

/** Looks at streams of one Redis, or of one master of a cluster. */
export async function lookAtStreams(
  rounds: Rounds,
  { config, streams }: Plan,
  { nowMs, earlier }: { readonly nowMs: number; readonly earlier: Look | undefined },
): Promise<Part> {
  const replies = await rounds.ask((round) =>
    Promise.all(streams.map(({ name, kind }) => askOfStream(round, name, kind === "health"))),
  );
  const atMs = earlier?.moments.get(streams[0]?.name ?? "");
  const groups = await lookAtGroups(rounds, replies, {
    ...{ nowMs, leaseMs: config.leaseMs, suffix: config.group.slice(config.service.length) },
    earlier: earlier && atMs !== undefined ? { atMs, groups: earlier.groups } : undefined,
  });
  return {
    ...{ nowMs, groups },
    streams: streams.map((planned, at) => ({ planned, replies: replies[at] as StreamReplies, nowMs })),
  };
}

/** Puts together what was found. */
export function lookOf({ config, streams }: Plan, found: Found, earlier: Look | undefined): Look {
  const { redis, cluster, parts, unseen, refused } = found;
  const { leaseMs, deadLettersMax, deadLetterTtlMs } = config;
  const groups = parts.flatMap((part) => part.groups.map((group) => ({ ...group, nowMs: part.nowMs })));
  const seen = parts.flatMap((part) => part.streams);
  const nowMs = parts[0]?.nowMs ?? Date.now();
  const before = earlier?.status;
  const status: Status = {
    at: new Date(nowMs).toISOString(),
    atMs: nowMs,
    address: config.redis.address,
    environment: config.environment,
    settings: { leaseMs, deadLettersMax, deadLetterTtlMs },
    sinceMs: before === undefined ? null : Math.max(1, nowMs - before.atMs),
    ...{ redis, cluster, unseen },
    streams: streams.flatMap((planned) => {
      const stream = seen.find((each) => each.planned === planned);
      if (stream === undefined) return [];
      const own = groups.filter(({ place }) => place.stream === stream.replies);
      return [streamOf(stream, own, earlier)];
    }),
    services: servicesOf({
      reports: newestOf("health", seen),
      events: newestOf("event", seen),
      isAlive: (service) => isAlive(service, groups, unseen.length > 0),
    }),
    paused: groups.flatMap(({ status: { stream, name: group }, replies: { pauses }, nowMs }) =>
      pausesOf(pauses, { stream, group, nowMs }),
    ),
    refused: [...refused].sort(),
  };
  return {
    status,
    groups: new Map(groups.map((group) => [groupKey(group.status), group])),
    moments: new Map(seen.map(({ planned, nowMs }) => [planned.name, nowMs])),
  };
}

function streamOf(
  { planned: { name, kind, types }, replies, nowMs }: SeenStream,
  groups: readonly LookedGroup[],
  earlier: Look | undefined,
): StreamStatus {
  const { keyType, look: found, length, bytes, newest } = replies;
  const [, added = null, greatest, first, last] = found ?? [];
  const addedBefore = earlier?.status.streams.find((each) => each.name === name)?.added;
  const sinceMs = nowMs - (earlier?.moments.get(name) ?? nowMs);
  const handling = groups.map((group) => ({ isServed: group.status.isServed, records: group.replies.types }));
  return {
    ...{ name, keyType, kind, length },
    bytes: bytes ?? null,
    oldestMs: first === undefined ? null : ageOf(first, nowMs),
    newestMs: last === undefined ? null : ageOf(last, nowMs),
    added,
    addedPerSecond: perSecond(added, addedBefore, sinceMs),
    ids: idState(greatest, nowMs),
    groups: groups.map(({ status }) => status),
    letters: lettersOf(replies, nowMs),
    types: typesOf(newest, handling, types),
  };
}

function newestOf(kind: StreamStatus["kind"], seen: readonly SeenStream[]): NewestEntries {
  const own = seen.filter(({ planned }) => planned.kind === kind);
  return { entries: own.flatMap(({ replies }) => replies.newest), nowMs: own[0]?.nowMs ?? 0 };
}

/** Whether anybody of a service is there; `undefined` when it has no group, or one may be among what is not seen. */
function isAlive(service: string, groups: readonly LookedGroup[], isPartial: boolean): boolean | undefined {
  const own = groups.filter(({ status }) => status.service === service);
  if (own.some(({ status: { isServed, members } }) => isServed || members.alive > 0)) return true;
  return own.length === 0 || isPartial ? undefined : false;
}
