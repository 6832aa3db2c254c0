import type { Aside, GroupPause } from "../broker/group-pause.js";
import type { Client } from "./connection.js";
import type { FailedPlace } from "./failed-entry.js";
import { setAside } from "./lua/pause.js";

const TYPE = "type:";
/** Begins the name under which a member says that it heeds what is paused, before its own. */
const HEEDS = "heeds:";
/** Where there are more, others wrote them, and only whether the whole group is paused is read. */
const MOST_RECORDS = 10_000;
/** Until when, since when, and the rest as JSON. The first is what counts. */
const RECORD = /^(\d{1,15})(?: (\d{1,15}) (.*))?/s;

/** The name of what is paused in the hash: a type, or the group where there is none. */
export function pauseField(type: string | undefined): string {
  return type === undefined ? "group" : TYPE + type;
}

/** Reads what is paused of a group now, and by name when each member last said that it heeds it. */
export async function readPauses(
  client: Client,
  key: string,
  nowMs: number,
): Promise<{ readonly pauses: readonly GroupPause[]; readonly heededAt: ReadonlyMap<string, number> }> {
  const isJunk = (await client.hlen(key)) > MOST_RECORDS;
  const records = isJunk
    ? [["group", (await client.hget(key, "group")) ?? ""] as const]
    : Object.entries(await client.hgetall(key));
  const inForce = records.filter(([name, value]) => {
    const until = Number(/^\d{1,15}(?!\d)/.exec(value)?.[0] ?? Number.NaN);
    return (name === "group" || /^type:./s.test(name)) && (until === 0 || until > nowMs);
  });
  const heeds = records.filter(([name]) => name.startsWith(HEEDS));
  const heededAt = new Map(heeds.map(([name, value]) => [name.slice(HEEDS.length), Number(value)]));
  return { pauses: pausesIn(inForce.flat()), heededAt };
}

/** What is paused, from names and values as a script tells them. Who and why may be missing: others may have written them. */
export function pausesIn(records: readonly string[]): readonly GroupPause[] {
  const pauses: GroupPause[] = [];
  for (let next = 0; next + 1 < records.length; next += 2) {
    const [field, value] = records.slice(next, next + 2) as [string, string];
    const [, until = "", at, json = ""] = RECORD.exec(value) ?? [];
    pauses.push({
      type: field.startsWith(TYPE) ? field.slice(TYPE.length) : undefined,
      until: Number(until) || undefined,
      at: at === undefined ? undefined : Number(at),
      ...reasonIn(json),
    });
  }
  // The group first.
  return pauses.sort(({ type: one = "" }, { type: other = "" }) => (one < other ? -1 : 1));
}

function reasonIn(json: string): Pick<GroupPause, "by" | "why"> {
  try {
    const { by, why } = JSON.parse(json) as Readonly<Record<string, unknown>>;
    return { by: typeof by === "string" ? by : "", why: typeof why === "string" ? why : undefined };
  } catch {
    return { by: "", why: undefined };
  }
}

/**
 * Parks entries whose types are paused.
 * @param keeps - `kept` for an entry that nobody can have taken over or settled
 */
export async function setEntriesAside(
  client: Client,
  { keys, group, consumer }: Omit<FailedPlace, "keeps">,
  entries: readonly Aside[],
  keeps: (entry: Aside) => "kept" | "",
): Promise<void> {
  const { stream, retry, errors, held, paused } = keys;
  const each = entries.flatMap((entry) => [entry.id, entry.type, keeps(entry)]);
  await setAside.run(client, [stream, retry, errors, held, paused], [group, consumer, ...each]);
}
