import { ageOf } from "../../broker/entry-id.js";
import type { Client } from "../../redis/connection.js";
import { redriveKeys, type StreamKeys, streamKeys } from "../../redis/keys.js";
import { type GroupWithLag, groupsWithLag } from "../../redis/lag.js";
import { readPage } from "../../redis/page.js";
import { instantIn } from "../../redis/redis-clock.js";
import { field } from "../../redis/reply.js";
import { systemClock } from "../../time/clock.js";
import { type Attendance, Watch } from "./members.js";

/** How often a group is looked at while it is watched. */
const LOOK_EVERY_MS = 200;

/** The state of a group: what it has to do, and who is there to do it. */
export interface GroupReport extends Work, Attendance {
  readonly group: string;
}

interface Work {
  /** The number of entries to be read; `undefined` when Redis cannot tell. */
  readonly lag: number | undefined;
  /** Whether there is any entry to be read. */
  readonly isBehind: boolean;
  readonly pending: number;
  /** The age of the oldest pending entry. */
  readonly oldestMs: number | undefined;
  readonly parked: number;
  /** In how many ms the next parked entry is due; negative when it is overdue. */
  readonly nextDueMs: number | undefined;
}

/** Examines one of the groups of a stream. */
export function examineGroup(
  client: Client,
  [stream, known]: readonly [stream: string, known: GroupWithLag],
  leaseMs: number,
): Promise<GroupReport> {
  const group = nameOf(known);
  return examine(client, { keys: streamKeys(stream, group), group, known }, leaseMs);
}

/** Examines the group of the entries that were redriven to a group. `undefined` if there are none to handle. */
export async function examineRedriven(
  client: Client,
  [stream, group]: readonly [stream: string, group: string],
  leaseMs: number,
): Promise<GroupReport | undefined> {
  const keys = redriveKeys(streamKeys(stream, group), group);
  const type = await client.type(keys.stream);
  if (type === "none") return undefined;
  if (type !== "stream") throw new Error(`${keys.stream} holds a ${type}, not a stream`);
  const { groups } = await groupsWithLag(client, keys.stream);
  const known = groups.find((each) => nameOf(each) === group);
  const report = await examine(client, { keys, group, known }, leaseMs);
  return hasWork(report) ? report : undefined;
}

export function nameOf({ info }: GroupWithLag): string {
  return String(field(info, "name"));
}

interface GroupPlace {
  readonly keys: StreamKeys;
  readonly group: string;
  /** `undefined` for a group that its first member has not created yet. */
  readonly known: GroupWithLag | undefined;
}

async function examine(client: Client, { keys, group, known }: GroupPlace, leaseMs: number): Promise<GroupReport> {
  const work = await workOf(client, { keys, group, known });
  const watch = new Watch(keys, group, leaseMs);
  // Each heartbeat comes within a third of a lease.
  const until = systemClock.now() + leaseMs / 2;
  let attendance = await watch.look(client);
  while (hasWork(work) && attendance.members > 0 && attendance.alive === 0 && systemClock.now() < until) {
    await new Promise<void>((resolve) => systemClock.after(LOOK_EVERY_MS, resolve));
    attendance = await watch.look(client);
  }
  // Without work it is not worth while to wait for a proof.
  return { group, ...work, ...attendance, alive: hasWork(work) ? attendance.alive : attendance.recent };
}

/** Whether a group has something to do and nobody who does it. */
export function isAbandoned(report: GroupReport): boolean {
  return report.alive === 0 && hasWork(report);
}

function hasWork({ isBehind, pending }: Work): boolean {
  return isBehind || pending > 0;
}

async function workOf(client: Client, { keys, group, known }: GroupPlace): Promise<Work> {
  const [parked, next, time] = await Promise.all([
    client.zcard(keys.retry),
    client.zrange(keys.retry, "0", "0", "WITHSCORES"),
    client.time(),
  ]);
  // It begins with the first entry.
  if (known === undefined) {
    const lag = await client.xlen(keys.stream);
    return { lag, isBehind: lag > 0, pending: 0, oldestMs: undefined, parked, nextDueMs: undefined };
  }
  const { info, lag } = known;
  const nowMs = instantIn(time);
  const [first] = (await client.xpending(keys.stream, group, "-", "+", 1)) as [id: string][];
  return {
    lag: lag ?? undefined,
    isBehind: lag === null ? await isBehind(client, keys.stream, info) : lag > 0,
    pending: Number(field(info, "pending")),
    oldestMs: first && ageOf(first[0], nowMs),
    parked,
    nextDueMs: dueInMs(next[1], nowMs),
  };
}

/** Whether entries follow a group's position, where nobody knows how many. */
async function isBehind(client: Client, stream: string, info: readonly unknown[]): Promise<boolean> {
  const position = String(field(info, "last-delivered-id"));
  const { entries } = await readPage(client, stream, { from: `(${position}`, most: 1, maxEntryBytes: 0 });
  return entries.length > 0;
}

/** One that was given back is due at once: its time lies before 1970. */
function dueInMs(due: string | undefined, nowMs: number): number | undefined {
  if (due === undefined) return undefined;
  if (due.endsWith("inf")) return due.startsWith("-") ? 0 : Number.POSITIVE_INFINITY;
  return Number(due) < 0 ? 0 : Number(due) - nowMs;
}
