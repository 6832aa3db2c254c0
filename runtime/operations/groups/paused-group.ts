import type { GroupPause } from "../../broker/group-pause.js";
import { didYouMean, nearest } from "../../config/suggest.js";
import { printable } from "../../contract/printable.js";
import type { Paused } from "../../messaging/group-control.js";
import type { Client } from "../../redis/connection.js";
import { readPauses } from "../../redis/group-pauses.js";
import { instantIn } from "../../redis/redis-clock.js";
import type { GroupPlace } from "./group-place.js";

export type { Paused };

/** What is paused of a group, and who heeds it. */
export interface PausedGroup {
  readonly stream: string;
  readonly group: string;
  readonly pauses: readonly Paused[];
  /** How many entries are parked because their type is paused, those that were redriven included. */
  readonly held: number;
  /** The members that have learned it. */
  readonly heeding: readonly string[];
  /** Members that are alive and have not: they have just begun, or are of an older version, and handle on. */
  readonly ignoring: readonly string[];
}

type Place = Pick<GroupPlace, "stream" | "group" | "keys" | "redriven">;

/** A member says that it heeds a pause once a second. */
const HEEDED_MS = 5000;
/** No group has more; others may have written any number. */
const MOST_MEMBERS = 10_000;

export function shownPause(
  { stream, group }: Pick<Place, "stream" | "group">,
  { type, until, at, by, why }: GroupPause,
): Paused {
  const shown = (ms: number | undefined): string | undefined => (ms === undefined ? ms : new Date(ms).toISOString());
  return { stream, group, type, until: shown(until), since: shown(at), by, why };
}

/** Reads what is paused of a group. */
export async function pausedGroup(client: Client, place: Place, leaseMs: number): Promise<PausedGroup> {
  const { stream, group, keys, redriven } = place;
  const [own, again, beats, time] = await Promise.all([
    client.hlen(keys.held),
    client.hlen(redriven.held),
    client.zrange(keys.alive, "0", `${MOST_MEMBERS - 1}`, "WITHSCORES"),
    client.time(),
  ]);
  const nowMs = instantIn(time);
  const { pauses, heededAt } = await readPauses(client, keys.paused, nowMs);
  const heeding = [...heededAt].filter(([, at]) => nowMs - at <= HEEDED_MS).map(([name]) => name);
  const alive = beats.filter((_, at) => at % 2 === 0 && Math.abs(nowMs - Number(beats[at + 1])) <= leaseMs);
  return {
    stream,
    group,
    pauses: pauses.map((pause) => shownPause(place, pause)),
    held: own + again,
    heeding: heeding.sort(),
    ignoring: alive.filter((name) => !heeding.includes(name)).sort(),
  };
}

/** What an operator should know who has just paused something. */
export async function adviceFor(client: Client, place: Place, type: string | undefined): Promise<readonly string[]> {
  if (type === undefined) return [];
  if ((await client.hlen(place.keys.types)) > MOST_MEMBERS) return [];
  const records = await client.hgetall(place.keys.types);
  const known = new Set(Object.values(records).flatMap((record) => record.split("\n").slice(1, -1).flatMap(typeIn)));
  if (known.size === 0 || known.has(type)) return [];
  const meant = didYouMean(nearest(type, known));
  return [printable(`no member of ${place.group} handles ${type} now${meant}; its entries wait all the same`)];
}

function typeIn(line: string): string[] {
  try {
    return [String(JSON.parse(line))];
  } catch {
    return [];
  }
}
