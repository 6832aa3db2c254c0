import { cut, printable } from "../contract/printable.js";
import type { Story, StoryPart } from "../operations/messages/explain.js";
import type { Fate } from "../operations/messages/fate.js";
import { lengthOfTime } from "../operations/wording.js";

/** Of the text of an error so much is shown. */
const LONGEST_ERROR = 200;

/** A message in a tree of causes, in words. */
export interface ToldMessage {
  readonly title: string;
  readonly outcomes: readonly string[];
  readonly caused: readonly ToldMessage[];
}

/** What is wrong, in sentences; empty when nothing is. */
export function troubles({ parts, letters }: Pick<Story, "parts" | "letters">): readonly string[] {
  const all = everyOf(parts);
  const last = (fate: Fate): Fate => (fate.redriven === undefined ? fate : last(fate.redriven));
  const fates = all.flatMap((part) => part.fates.map((fate) => ({ part, fate: last(fate) })));
  const dead = fates.filter(({ fate }) => fate.state === "dead" && fate.letter?.state.state === "open");
  const waiting = fates.filter(({ fate }) => fate.state === "parked" || fate.state === "handed over");
  const failed = all.filter(({ answer }) => typeof answer === "object" && !answer.success);
  return [
    ...dead.map(
      ({ part, fate }) =>
        `${typeOf(part)} is an open dead letter of ${fate.group}: ${reasonOf(fate)} (merp dead-letters show ${fate.letter?.id})`,
    ),
    ...letters.map(
      ({ type, group, state, reason }) =>
        `${type ?? "an entry"} is ${state.state === "open" ? "an open" : `a ${state.state}`} dead letter of ${group} (${reason}); its message was not found`,
    ),
    ...waiting.map(({ part, fate }) => `${typeOf(part)} waits in ${fate.group}: it is ${fate.state}`),
    ...failed.map((part) => `${typeOf(part)} was answered with a failure`),
  ].map(printable);
}

/**
 * Tells a message, and what it caused. The one that was asked for is marked.
 *
 * @param correlation - the correlation that is told already
 */
export function told(part: StoryPart, correlation?: string): ToldMessage {
  const { trace, isNamed, message, fates, answer, caused } = part;
  const { stream, entryId, messageId, correlationId } = trace;
  const about = [message?.entity, message?.company && `company ${message.company}`].filter(Boolean).join(", ");
  const type = message?.type ?? (message?.kind === "health" ? "health" : `an entry of ${stream}`);
  const title = `${isNamed ? "→ " : ""}${type}${about && ` ${about}`}${message?.source ? ` from ${message.source}` : ""}`;
  const ids = [
    message === undefined
      ? `was ${entryId} of ${stream}, and is removed`
      : `published ${message.at} to ${stream} as ${entryId}`,
    ...(messageId === undefined ? [] : [`id ${messageId}`]),
    ...(correlationId === undefined || correlationId === correlation ? [] : [`correlation ${correlationId}`]),
  ];
  const groups = fates.length === 0 ? [`no group reads ${stream}`] : fates.flatMap(fateLines);
  const outcomes = [...ids, ...groups, ...answerLines(answer)].map(printable);
  return { title: printable(title), outcomes, caused: caused.map((each) => told(each, correlationId ?? correlation)) };
}

function fateLines({ group, state, pending, dueAt, errors, letter, redriven }: Fate): readonly string[] {
  const failures = errors.map(
    ({ at, name, message }, n) => `${group} failed (attempt ${n + 1}) ${at}: ${name}: ${cut(message, LONGEST_ERROR)}`,
  );
  const held = pending === undefined ? "" : `, delivered ${times(pending.deliveries)}`;
  const due = dueAt === undefined ? "as soon as it is due" : `at ${new Date(dueAt).toISOString()}`;
  const ends: Readonly<Record<Fate["state"], string>> = {
    unread: "has not read it yet",
    running: `has it for ${lengthOfTime(pending?.idleMs ?? 0)}, in ${pending?.consumer}${held}`,
    parked: `tries it again ${due}${held}`,
    "handed over": `waits for a consumer that handles its type${held}`,
    dead: `moved it to the dead letters as ${letter?.id}${settled(letter?.state)}`,
    acknowledged: "has acknowledged it: handled, filtered out, or without a handler",
  };
  const after = redriven === undefined ? [] : fateLines(redriven).map((line) => `redriven: ${line}`);
  return [...failures, `${group} ${ends[state]}`, ...after];
}

function settled(state: NonNullable<Fate["letter"]>["state"] | undefined): string {
  if (state === undefined || state.state === "open") return ", which is open";
  if (state.state === "discarded") return `, discarded ${state.at} by ${state.by}: ${state.reason}`;
  return `, redriven ${state.at} by ${state.by} as ${state.entryId}`;
}

function answerLines(answer: StoryPart["answer"]): readonly string[] {
  if (answer === undefined) return [];
  if (answer === "none") return ["no answer is stored: there is none yet, or its time is over"];
  if (answer === "unreadable") return ["its answer cannot be read: this user of Redis may not run STRLEN and GET"];
  const { success, timestamp, execution_time_ms: ms, error_code: code, error } = answer;
  const how = success ? "with success" : `with a failure: ${code ?? "no code"}: ${cut(error ?? "", LONGEST_ERROR)}`;
  return [`answered ${timestamp}${ms === undefined ? "" : ` after ${ms} ms`} ${how}`];
}

function typeOf({ message, trace }: StoryPart): string {
  return `${message?.type ?? "an entry"} (${trace.entryId})`;
}

function reasonOf({ errors, letter }: Fate): string {
  const error = errors.at(-1);
  return error === undefined ? (letter?.reason ?? "") : `${error.name}: ${cut(error.message, LONGEST_ERROR)}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function everyOf(parts: readonly StoryPart[]): readonly StoryPart[] {
  return parts.flatMap((part) => [part, ...everyOf(part.caused)]);
}
