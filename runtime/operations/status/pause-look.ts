import type { StreamKeys } from "../../redis/keys.js";
import { pausesLook } from "../../redis/lua/look.js";
import type { Round } from "../../redis/round.js";
import type { PauseStatus } from "./status.js";

/** What is paused, by its name. */
export type PauseRecords = Readonly<Record<string, string>>;

const TYPE = "type:";
/** Members write records there as well: which of them heed it. */
const MOST_RECORDS = 10_000;
export const LONGEST_RECORD = 10_000;
/** Until when, since when, and the rest as JSON. */
const RECORD = /^(\d{1,15})(?: (\d{1,15}) (.*))?/s;

/** Asks what is paused of a group. */
export async function askOfPauses(round: Round, { paused }: StreamKeys): Promise<PauseRecords | undefined> {
  if (!round.mayRunScripts) return round.ask<PauseRecords>("HGETALL", paused);
  const told = await round.run(pausesLook, [paused], [MOST_RECORDS, LONGEST_RECORD]);
  return told && recordsIn(told);
}

/** What a script tells of it: names and values, in turn. */
export function recordsIn(told: readonly string[]): PauseRecords {
  return Object.fromEntries(told.flatMap((name, at) => (at % 2 === 0 ? [[name, told[at + 1] ?? ""]] : [])));
}

/** What is in force of it. Others may have written anything else. */
export function pausesOf(
  records: PauseRecords,
  { stream, group, nowMs }: { readonly stream: string; readonly group: string; readonly nowMs: number },
): readonly PauseStatus[] {
  const pauses: PauseStatus[] = [];
  for (const [name, value] of Object.entries(records)) {
    const [record, until = "", since, json = ""] = RECORD.exec(value) ?? [];
    const isOver = Number(until) !== 0 && Number(until) <= nowMs;
    if (record === undefined || isOver || !(name === "group" || name.startsWith(TYPE))) continue;
    pauses.push({
      stream,
      group,
      type: name.startsWith(TYPE) ? name.slice(TYPE.length) : null,
      sinceMs: since === undefined ? null : Math.max(0, Math.round(nowMs - Number(since))),
      endsInMs: Number(until) === 0 ? null : Math.round(Number(until) - nowMs),
      ...reasonIn(json),
    });
  }
  return pauses;
}

function reasonIn(json: string): Pick<PauseStatus, "who" | "why"> {
  try {
    const { by, why } = JSON.parse(json) as Readonly<Record<string, unknown>>;
    return { who: typeof by === "string" && by !== "" ? by : null, why: typeof why === "string" ? why : null };
  } catch {
    return { who: null, why: null };
  }
}
