import type { StreamKeys } from "../../redis/keys.js";
import { type HeldLook, heldLook } from "../../redis/lua/look.js";
import { marks } from "../../redis/lua/read.js";
import type { Round, Rounds } from "../../redis/round.js";
import type { HeldEntry, Members } from "./group-status.js";

/** Of a group at most so many members are looked at that hold entries, and so many entries of each. */
const MEMBERS = 5;
const ENTRIES = 5;
/** An entry that was delivered as often may have killed two processes. */
const SUSPICIOUS = 3;
/** Of one that was delivered less long ago nobody asks whether it failed. */
const LONG_MS = 10_000;
/** The bytes of the errors of one entry. A longer record is none of ours. */
const LONGEST_RECORD = 3 * 1024 * 1024;

/** A group whose members hold entries. */
export interface Holding {
  readonly keys: StreamKeys;
  readonly group: string;
  readonly members: Members;
}

/** Looks at the oldest entries that members have in their hands, and how often each has killed its process. */
export async function lookAtHeld(
  rounds: Rounds,
  groups: readonly Holding[],
): Promise<readonly (readonly HeldEntry[])[]> {
  const atOnce = await rounds.ask((round) =>
    Promise.all(groups.map((group) => (round.mayRunScripts ? askAtOnce(round, group) : undefined))),
  );
  const pending = await rounds.ask((round) =>
    Promise.all(groups.map((group, at) => atOnce[at] ?? askPlainly(round, group))),
  );
  const failures = await rounds.ask((round) =>
    Promise.all(groups.map(({ keys }, at) => (atOnce[at] ? undefined : askOfFailures(round, keys, pending[at] ?? [])))),
  );
  return pending.map((entries, at) =>
    entries
      .map(([id, member, heldMs, deliveries, record]) => {
        const failed = record === undefined ? failures[at]?.get(id) : failuresIn(record);
        return { id, member, heldMs, deliveries, failures: failed ?? null, deaths: deathsOf(deliveries, failed) };
      })
      .sort((a, b) => b.heldMs - a.heldMs),
  );
}

/** The names of the members that are looked at: those that hold most, the dead and the silent first. */
function holdersOf({ members }: Holding): readonly string[] {
  const holders = members.list.filter(({ pending }) => pending > 0);
  return holders.slice(0, MEMBERS).map(({ name }) => name);
}

/** Asks with one script. `undefined` when Redis refuses any of it. */
async function askAtOnce(round: Round, holding: Holding): Promise<readonly HeldLook[] | undefined> {
  const holders = holdersOf(holding);
  const { keys, group } = holding;
  if (holders.length === 0) return [];
  const limits = [ENTRIES, LONG_MS, SUSPICIOUS, LONGEST_RECORD];
  return await round.run(heldLook, [keys.stream, keys.errors], [group, ...limits, ...holders]);
}

async function askPlainly(round: Round, holding: Holding): Promise<readonly HeldLook[]> {
  const { keys, group } = holding;
  const pages = holdersOf(holding).map((name) =>
    round.ask<HeldLook[]>("XPENDING", keys.stream, group, "-", "+", ENTRIES, name),
  );
  return (await Promise.all(pages)).flatMap((page) => page ?? []);
}

/** How many failed attempts are recorded of the entries of which it matters; `undefined` where it is not known. */
async function askOfFailures(
  round: Round,
  { errors }: StreamKeys,
  entries: readonly HeldLook[],
): Promise<ReadonlyMap<string, number | undefined>> {
  const asked = entries.filter(([, , heldMs, deliveries]) => heldMs >= LONG_MS || deliveries >= SUSPICIOUS);
  const ids = asked.map(([id]) => id);
  if (ids.length === 0) return new Map();
  const records = round.mayRunScripts
    ? await round.run(marks, [errors], [LONGEST_RECORD, ...ids])
    : await round.ask<(string | null)[]>("HMGET", errors, ...ids);
  return new Map(ids.map((id, at) => [id, records === undefined ? undefined : failuresIn(String(records[at] ?? ""))]));
}

/** A record is a list of JSON objects without its brackets. */
function failuresIn(record: string): number | undefined {
  try {
    return (JSON.parse(`[${record}]`) as unknown[]).length;
  } catch {
    return undefined;
  }
}

function deathsOf(deliveries: number, failures: number | undefined): number | null {
  if (deliveries < SUSPICIOUS) return deliveries > 1 ? null : 0;
  return failures === undefined ? null : Math.max(0, deliveries - 1 - failures);
}
