import type { Fate } from "../../operations/messages/fate.js";
import { length } from "../pages/words.js";
import type { FateState } from "./message-state.js";

const BAD: ReadonlySet<Fate["state"]> = new Set(["parked", "handed over", "dead"]);

/** What became of an entry in a group, in words. */
export function wordsOf(fate: Fate): FateState {
  const { group, state, letter, redriven } = fate;
  const after = redriven === undefined ? "" : `; then it ${textOf(redriven)}`;
  const isOpen = letter === undefined || letter.state.state === "open";
  return {
    group,
    text: `${textOf(fate)}${after}`,
    isBad: redriven === undefined ? BAD.has(state) && isOpen : wordsOf(redriven).isBad,
    letter: letter?.id,
  };
}

function textOf({ state, pending, dueAt, errors, letter }: Fate): string {
  const failures =
    errors.length === 0 ? "" : `, after ${errors.length === 1 ? "a failure" : `${errors.length} failures`}`;
  const why = errors.at(-1) === undefined ? "" : `: ${errors.at(-1)?.code ?? errors.at(-1)?.name}`;
  const times =
    pending === undefined ? "" : `, delivered ${pending.deliveries === 1 ? "once" : `${pending.deliveries} times`}`;
  const due =
    dueAt === undefined || !Number.isFinite(dueAt) ? "" : `, due ${new Date(Math.max(0, dueAt)).toISOString()}`;
  switch (state) {
    case "unread":
      return "waits to be taken";
    case "running":
      return `is with ${pending?.consumer} for ${length(pending?.idleMs ?? 0)}${times}${failures}`;
    case "parked":
      return `waits for its retry${due}${times}${failures}${why}`;
    case "handed over":
      return `waits for a member that handles its type${times}`;
    case "dead":
      return `is a dead letter${letter === undefined ? "" : `, ${letter.state.state}`}${failures}${why}`;
    case "acknowledged":
      return "was settled: handled, filtered out, or without a handler";
  }
}
