import { addedAt } from "../broker/entry-id.js";
import type { Letters } from "../broker/letters.js";
import { stateOf } from "./dead-letter-state.js";
import { headsOf } from "./letter-reading.js";

/** Which letters are removed: those to which any of these applies. */
export interface PurgeRule {
  /** Those that were redriven or discarded. */
  readonly settled?: boolean | undefined;
  /** Those that died before, also open ones. */
  readonly before?: Date | undefined;
  /** Those beyond so many of each group: first what was redriven or discarded, then the oldest. */
  readonly keep?: number | undefined;
  /** Those of this group alone. */
  readonly group?: string | undefined;
}

/** How many letters of a group would be removed. */
export interface PurgedGroup {
  readonly group: string;
  /** Redriven or discarded. */
  readonly settled: number;
  /** Neither: these are lost. */
  readonly open: number;
  /** How many would remain. */
  readonly kept: number;
}

type Counts = { -readonly [Name in "settled" | "open"]: number };
interface Tally {
  readonly removed: Counts;
  readonly rest: Counts;
}
type Fate = (group: string, state: "settled" | "open", id: string) => boolean;

/** So many are removed in one transaction. */
const MOST_AT_ONCE = 500;

/** Counts what a rule would remove. */
export async function planOf(letters: Letters, rule: PurgeRule, newest: string): Promise<readonly PurgedGroup[]> {
  const tallies = await talliesOf(letters, rule, newest);
  return [...tallies].map(([group, { removed, rest }]) => {
    const beyond = beyondOf(rest, rule);
    const kept = rest.settled + rest.open - beyond.settled - beyond.open;
    return { group, settled: removed.settled + beyond.settled, open: removed.open + beyond.open, kept };
  });
}

/** Removes what a rule says, of the letters up to an id. Yields how many were removed by each step. */
export async function* purged(
  letters: Letters,
  rule: PurgeRule,
  newest: string,
): AsyncGenerator<number, void, undefined> {
  const beyond = new Map<string, Counts>();
  if (rule.keep !== undefined) {
    for (const [group, { rest }] of await talliesOf(letters, rule, newest)) beyond.set(group, beyondOf(rest, rule));
  }
  const isRemoved: Fate = (group, state, id) => {
    if (isRuledOut(rule, state, id)) return true;
    const counts = beyond.get(group);
    // The oldest come first.
    return counts !== undefined && counts[state]-- > 0;
  };
  let batch: { readonly id: string; readonly group: string }[] = [];
  for await (const { id, group, state } of lettersIn(letters, rule, newest)) {
    if (isRemoved(group, state, id)) batch.push({ id, group });
    if (batch.length < MOST_AT_ONCE) continue;
    yield await letters.remove(batch);
    batch = [];
  }
  if (batch.length > 0) yield await letters.remove(batch);
}

async function talliesOf(letters: Letters, rule: PurgeRule, newest: string): Promise<ReadonlyMap<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for await (const { id, group, state } of lettersIn(letters, rule, newest)) {
    const tally = tallies.get(group) ?? { removed: { settled: 0, open: 0 }, rest: { settled: 0, open: 0 } };
    tallies.set(group, tally);
    (isRuledOut(rule, state, id) ? tally.removed : tally.rest)[state]++;
  }
  return tallies;
}

async function* lettersIn(
  letters: Letters,
  { group: only }: PurgeRule,
  until: string,
): AsyncGenerator<{ id: string; group: string; state: "settled" | "open" }, void, undefined> {
  for await (const { id, fields, mark } of headsOf(letters, { names: ["group"], until })) {
    const group = fields[1]?.toString() ?? "";
    if (only !== undefined && group !== only) continue;
    yield { id, group, state: stateOf(mark).state === "open" ? "open" : "settled" };
  }
}

function isRuledOut({ settled = false, before }: PurgeRule, state: "settled" | "open", id: string): boolean {
  return (settled && state === "settled") || (before !== undefined && addedAt(id) < before.getTime());
}

function beyondOf(rest: Counts, { keep = Number.POSITIVE_INFINITY }: PurgeRule): Counts {
  const over = Math.max(0, rest.settled + rest.open - keep);
  const settled = Math.min(over, rest.settled);
  return { settled, open: over - settled };
}
