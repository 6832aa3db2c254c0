import { printable } from "../../contract/printable.js";
import { letterAdvice } from "../../service/letter-advice.js";
import type { GroupStatus, LetterCause } from "../status/group-status.js";
import type { Status, StreamStatus } from "../status/status.js";
import { countOf, lengthOfTime, listOf } from "../wording.js";
import { showLetters } from "./commands.js";
import type { Problem } from "./problem.js";
import { inEachGroup, inEachStream, type Sickness } from "./sickness.js";

/** The reasons that say that a message does not keep to its contract. */
const BROKEN = new Set(["CONTRACT_VIOLATED", "ENTRY_UNREADABLE", "MESSAGE_TOO_LARGE", "UPCAST_FAILED"]);
const POISONOUS = "POISONOUS";

/** Messages that ended the processes that handled them. */
export const killed: Sickness = inEachGroup((group, { status }) => {
  const causes = group.letters.causes.filter(({ reason }) => reason === POISONOUS);
  if (causes.length === 0) return undefined;
  const what = `${shown(group)}: ${few(causes, group, "message")} killed consumer after consumer`;
  const sentence = `poison messages of ${what} (POISONOUS: ${listOf(causes.map(named))})`;
  return { severity: "critical", code: "MESSAGE_POISONOUS", sentence, command: showLetters(status, group) };
});

/** A producer writes what the contract does not allow. It does so to all groups of a stream at once. */
export const breaksContract: Sickness = (status) => status.streams.flatMap((stream) => brokenOn(stream, status));

function brokenOn({ name: stream, groups }: StreamStatus, status: Status): readonly Problem[] {
  const broken = groups.filter(({ letters }) => letters.causes.some(({ reason }) => BROKEN.has(reason)));
  const [first] = broken;
  if (first === undefined) return [];
  const causes = summed(broken.flatMap(({ letters }) => letters.causes.filter(({ reason }) => BROKEN.has(reason))));
  const sources = [...new Set(causes.flatMap(({ source }) => (source === null ? [] : [printable(source)])))];
  const who = sources.length === 0 ? "a producer" : listOf(sources);
  const breaks = `${who} ${sources.length > 1 ? "break" : "breaks"} the contract`;
  const reasons = listOf(causes.map(reasoned));
  const about = { severity: "warning", code: "CONTRACT_BROKEN", stream } as const;
  if (broken.length === 1) {
    const became = causes.length === 1 && causes[0]?.count === 1 ? "a dead letter" : "dead letters";
    const sentence = `${breaks}: ${few(causes, first, "message")} became ${became} of ${shown(first)} (${reasons})`;
    return [{ ...about, sentence, command: showLetters(status, first), group: first.name }];
  }
  const names = listOf(broken.map(({ name }) => printable(name)));
  const count = causes.reduce((sum, cause) => sum + cause.count, 0);
  const sentence = `${breaks}: there are ${countOf(count, "dead letter")} of ${names} on ${printable(stream)} (${reasons})`;
  return [{ ...about, sentence, command: showLetters(status, { stream }) }];
}

/** The same cause in several groups is one. */
function summed(causes: readonly LetterCause[]): readonly LetterCause[] {
  const sums = new Map<string, LetterCause>();
  for (const cause of causes) {
    const key = JSON.stringify([cause.reason, cause.type, cause.source]);
    sums.set(key, { ...cause, count: cause.count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()].sort((one, other) => other.count - one.count);
}

/** Messages that nobody has settled yet. */
export const areOpen: Sickness = inEachGroup((group, { status }) => {
  const { oldestMs, causes, sampled } = group.letters;
  const open = group.letters.open ?? 0;
  const others = causes.filter(({ reason }) => reason !== POISONOUS && !BROKEN.has(reason));
  // Those of one kind have a sentence of their own.
  if (open === 0 || (sampled > 0 && others.length === 0 && kindsOf(causes) === 1)) return undefined;
  const since = oldestMs === null ? "" : `, the oldest for ${lengthOfTime(oldestMs)}`;
  const among = sampled < open ? ` of the newest ${sampled.toLocaleString("en")}` : "";
  const reasons = byReason(causes);
  const why = reasons.length === 0 ? "" : `${among}: ${listOf(reasons, 5)}`;
  const ofHow = reasons.length > 1 ? ` of ${reasons.length} causes` : "";
  const sentence = `${countOf(open, "dead letter")}${ofHow} of ${shown(group)} ${open === 1 ? "is" : "are"} open${since}${why}`;
  return { severity: "warning", code: "LETTERS_OPEN", sentence, command: showLetters(status, group) };
});

/** Dead letters that will be removed soon. */
export const areEnding: Sickness = inEachGroup((group, { status }) => {
  const { open, oldestMs } = group.letters;
  const ids = status.streams.find(({ name }) => name === group.stream)?.letters.ids ?? "current";
  const sentence = letterAdvice(status.settings, printable(group.name), {
    count: open ?? 0,
    oldestMs: oldestMs ?? 0,
    ids,
  });
  if (sentence === undefined) return undefined;
  const severity: Problem["severity"] = ids === "exhausted" ? "critical" : "warning";
  return { severity, code: "LETTERS_ENDING", sentence, command: showLetters(status, group) };
});

/** The numbers are not to be trusted. */
export const areUncounted: Sickness = inEachStream(({ name, letters }) => {
  if (letters.isCounted) return undefined;
  const sentence = `the dead letters of ${printable(name)} (${letters.total}) do not match their index: others wrote or deleted some; a service counts them anew when it trims the stream next`;
  return { severity: "notice", code: "LETTERS_UNCOUNTED", sentence };
});

function shown({ name, stream }: GroupStatus): string {
  return `${printable(name)} on ${printable(stream)}`;
}

/** How many letters of these causes there are, as far as it is known. */
function few(causes: readonly LetterCause[], { letters }: GroupStatus, noun: string): string {
  const count = causes.reduce((sum, cause) => sum + cause.count, 0);
  const among =
    letters.sampled < (letters.open ?? 0) ? ` (of the newest ${letters.sampled.toLocaleString("en")} letters)` : "";
  return `${countOf(count, noun)}${among}`;
}

function kindsOf(causes: readonly LetterCause[]): number {
  return new Set(causes.map(({ reason }) => (BROKEN.has(reason) ? "broken" : reason))).size;
}

function byReason(causes: readonly LetterCause[]): string[] {
  const reasons = new Map<string, { count: number; readonly types: Set<string> }>();
  for (const { reason, type, count } of causes) {
    const known = reasons.get(reason) ?? { count: 0, types: new Set() };
    known.count += count;
    if (type !== null) known.types.add(printable(type));
    reasons.set(reason, known);
  }
  return [...reasons]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(
      ([reason, { count, types }]) =>
        `${count.toLocaleString("en")} ${printable(reason) || "without a reason"}${types.size === 0 ? "" : ` (${listOf([...types], 2)})`}`,
    );
}

function named({ type, count }: LetterCause): string {
  return `${count.toLocaleString("en")} ${printable(type ?? "of no type")}`;
}

function reasoned(cause: LetterCause): string {
  return `${named(cause)} ${printable(cause.reason)}`;
}
