import { lastIdAt } from "../broker/entry-id.js";
import type { HeadRange, LetterHead, Letters } from "../broker/letters.js";
import { CauseReader } from "./cause.js";
import { CauseTally, type DeadLetterCauses } from "./causes.js";
import { companyIn } from "./company.js";
import { type DeadLetterFilter, matches } from "./dead-letter-filter.js";
import { letterOf } from "./dead-letter-record.js";
import { stateOf } from "./dead-letter-state.js";
import { type DeadLetterSummary, SUMMARISED, Summaries } from "./dead-letter-summary.js";

/** What of a letter tells its cause. */
const OF_CAUSE = ["type", "group", "reason", "errors"];

/** Reads the heads of letters, page by page. The next page is read while this one is used. */
export async function* headsOf(letters: Letters, range: HeadRange): AsyncGenerator<LetterHead, void, undefined> {
  for (let page = letters.heads(range); ; ) {
    const { heads, next } = await page;
    const following = next === undefined ? undefined : letters.heads({ ...range, after: next });
    // Whoever stops here does not wait for it.
    following?.catch(() => {});
    yield* heads;
    if (following === undefined) return;
    page = following;
  }
}

/** Counts the letters that match by their causes. */
export async function causesOf(letters: Letters, filter: DeadLetterFilter): Promise<DeadLetterCauses> {
  const { group, type, reason, cause, since, until, state = "open" } = filter;
  if (filter.company !== undefined || filter.of !== undefined) return causesOfSummaries(letters, filter);
  const [reader, tally] = [new CauseReader(), new CauseTally()];
  const after = since && lastBefore(since);
  for await (const head of headsOf(letters, { names: OF_CAUSE, after, until: until && lastBefore(until) })) {
    if (state !== "any" && stateOf(head.mark).state !== state) continue;
    const { errors, ...record } = letterOf(head.fields);
    if (group !== undefined && record.group !== group) continue;
    if (type !== undefined && record.type !== type) continue;
    if (reason !== undefined && record.reason !== reason) continue;
    const found = reader.of({ ...record, error: errors.at(-1) });
    if (cause === undefined || found.id === cause) tally.add(head.id, found);
  }
  return tally.result;
}

/**
 * Reads summaries of the letters that match, the oldest first. Those that died before `since` are looked at as well, because
 * they tell how often a message has died.
 */
export async function* summariesOf(
  letters: Letters,
  filter: DeadLetterFilter,
  newest?: string,
): AsyncGenerator<DeadLetterSummary, void, undefined> {
  const { until, company, of } = filter;
  const range = { names: SUMMARISED, of, until: until === undefined ? newest : lastBefore(until) };
  const summaries = new Summaries(new CauseReader());
  for await (const head of headsOf(letters, range)) {
    const summary = summaries.of(head);
    if (!matches(summary, filter)) continue;
    if (company === undefined || (await companyOf(letters, summary.id)) === String(company)) yield summary;
  }
}

async function causesOfSummaries(letters: Letters, filter: DeadLetterFilter): Promise<DeadLetterCauses> {
  const [reader, tally] = [new CauseReader(), new CauseTally()];
  for await (const summary of summariesOf(letters, filter)) tally.add(summary.id, reader.of(summary));
  return tally.result;
}

/** The company that a letter's message names; `undefined` if none, or if the letter does not hold its entry. */
async function companyOf(letters: Letters, id: string): Promise<string | undefined> {
  const letter = await letters.find(id);
  return letter && companyIn(letterOf(letter.fields, letter.oversizedBytes).original.map(String));
}

/** The greatest id of a letter that died before a moment. */
function lastBefore(moment: Date): string {
  const ms = Math.floor(moment.getTime());
  return ms <= 0 ? "0-0" : lastIdAt(ms - 1);
}
