import { addedAt } from "../../broker/entry-id.js";
import type { StoryPart, Story as Told } from "../../operations/messages/explain.js";
import type { Fate } from "../../operations/messages/fate.js";
import { whole } from "../pages/words.js";
import { wordsOf } from "./fate-words.js";
import type { Step, Story } from "./message-state.js";

/** A story as a list of steps, each message before what became of it and what it caused. */
export function storyOf(id: string, { parts, letters, searched, unseen, left }: Told): Story | undefined {
  if (parts.length === 0 && letters.length === 0 && unseen.length === 0) return undefined;
  const strays = letters.map(
    ({ id: letter, type, group, reason, state }): Step => ({
      ...{ key: letter, atMs: addedAt(letter), kind: "dead", depth: 0 },
      text: `${type ?? "an entry"} is a dead letter of ${group}, ${state.state}: ${reason}; its message was not found`,
    }),
  );
  const unread = searched.filter(({ isWhole }) => !isWhole);
  return {
    title: id,
    steps: [...parts.flatMap((part) => stepsOf(part, 0)), ...strays],
    remarks: [
      ...unseen.map(({ name, why }) => `Nothing is known of ${name} at present: ${why}.`),
      ...unread.map(({ stream, entries }) => `Of ${stream} only the newest ${whole(entries)} entries were read.`),
      ...(left > 0 ? [`${whole(left)} further messages belong to it.`] : []),
      "What the streams no longer hold is not told, and neither is when a group settled an entry.",
    ],
  };
}

function stepsOf(part: StoryPart, depth: number): readonly Step[] {
  const { trace, message, fates, answer, caused, isNamed } = part;
  const { stream, entryId } = trace;
  const what = message?.type ?? (message?.kind === "health" ? "health" : "an entry");
  const verb = message?.kind === "command" ? "sent" : message?.kind === "notification" ? "notified" : "published";
  const published: Step = {
    ...{ key: entryId, atMs: addedAt(entryId), kind: "published", depth, stream, id: entryId, isNamed },
    text:
      message === undefined ? `${entryId} of ${stream} was removed` : `${message.source ?? "somebody"} ${verb} ${what}`,
  };
  return [
    published,
    ...settledStep(fates, entryId, depth + 1),
    ...fates.filter((fate) => !isPlain(fate)).flatMap((fate) => fateSteps(fate, entryId, depth + 1)),
    ...answerSteps(answer, entryId, depth + 1),
    ...caused.flatMap((each) => stepsOf(each, depth + 1)),
  ];
}

/** Whether there is nothing to tell of it but that it was settled. */
function isPlain({ state, errors }: Fate): boolean {
  return state === "acknowledged" && errors.length === 0;
}

/** One step for all groups that settled it: nobody noted when. */
function settledStep(fates: readonly Fate[], entryId: string, depth: number): readonly Step[] {
  const groups = fates.filter(isPlain).map(({ group }) => group);
  if (groups.length === 0) return [];
  const text = `settled by ${groups.join(", ")}: handled, filtered out, or without a handler`;
  return [{ key: `${entryId} settled`, atMs: undefined, kind: "handled", depth, text }];
}

const KINDS: Readonly<Record<Fate["state"], Step["kind"]>> = {
  unread: "waiting",
  running: "waiting",
  parked: "retried",
  "handed over": "waiting",
  dead: "dead",
  acknowledged: "handled",
};

function fateSteps(fate: Fate, entryId: string, depth: number): readonly Step[] {
  const { group, state, errors, letter } = fate;
  const failures = errors.map(
    ({ at, name, code, message }, n): Step => ({
      ...{ key: `${entryId} ${group} ${n}`, atMs: Date.parse(at), kind: "retried", depth },
      text: `${group} failed: ${code ?? name}: ${message}`,
    }),
  );
  const end: Step = {
    ...{ key: `${entryId} ${group}`, kind: KINDS[state], depth },
    ...{ atMs: letter === undefined ? undefined : addedAt(letter.id), letter: letter?.id },
    text: `${group}: it ${wordsOf(fate).text}`,
  };
  return [...failures, end];
}

function answerSteps(answer: StoryPart["answer"], entryId: string, depth: number): readonly Step[] {
  if (answer === undefined) return [];
  const step = { key: `${entryId} answer`, depth };
  if (typeof answer === "string") {
    const text = answer === "none" ? "no answer is stored" : "its stored answer cannot be read";
    return [{ ...step, atMs: undefined, kind: "waiting", text }];
  }
  const { success, timestamp, error_code: code, error = "" } = answer;
  const text = success ? "was answered with success" : `was answered with a failure: ${code ?? ""} ${error}`;
  return [{ ...step, atMs: Date.parse(timestamp), kind: success ? "answered" : "dead", text }];
}
