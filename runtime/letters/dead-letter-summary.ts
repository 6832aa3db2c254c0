import type { LetterHead } from "../broker/letters.js";
import type { Failure } from "../handle/failure.js";
import type { CauseReader } from "./cause.js";
import { type DeadLetterRecord, letterOf } from "./dead-letter-record.js";
import { type DeadLetterState, stateOf } from "./dead-letter-state.js";

/** A dead letter without its entry, and of its errors only the last: what a list needs, however large the entries are. */
export interface DeadLetterSummary extends Omit<DeadLetterRecord, "errors" | "original"> {
  /** Its id among the dead letters. */
  readonly id: string;
  readonly state: DeadLetterState;
  /** The last error. */
  readonly error: Failure | undefined;
  /** The id of its cause, as {@link Cause} has it. */
  readonly cause: string;
  /**
   * How often its message has died in its group: more than once after a redrive. It is counted from the letters that are
   * kept, and is at least 2 for what was redriven.
   */
  readonly deaths: number;
  /** How many bytes the letter has. */
  readonly bytes: number;
}

/** The fields of a record from which a summary is made. */
export const SUMMARISED: readonly string[] = [
  ...[
    "stream",
    "group",
    "service",
    "consumer",
    "entry_id",
    "type",
    "message_id",
    "correlation_id",
    "attempts",
    "reason",
  ],
  ...["failed_at", "kept_bytes", "errors"],
];

/** Makes summaries of letters, of which the older ones come first. */
export class Summaries {
  readonly #causes: CauseReader;
  /** What was redriven and has not died again as far as is known: how often it had died before. */
  readonly #redriven = new Map<string, number>();

  constructor(causes: CauseReader) {
    this.#causes = causes;
  }

  of({ id, fields, bytes, mark }: LetterHead): DeadLetterSummary {
    const { errors, original: _, ...record } = letterOf(fields);
    const state = stateOf(mark);
    const error = errors.at(-1);
    const deaths = this.#deathsOf(record);
    if (state.state === "redriven") this.#redriven.set(placeOf(record.group, state.entryId), deaths);
    return { id, ...record, state, error, cause: this.#causes.of({ ...record, error }).id, deaths, bytes };
  }

  #deathsOf({ stream, group, entryId }: Omit<DeadLetterRecord, "errors" | "original">): number {
    const place = placeOf(group, entryId);
    const before = this.#redriven.get(place);
    this.#redriven.delete(place);
    if (before !== undefined) return before + 1;
    return stream.endsWith(`}:redrive:${group}`) ? 2 : 1;
  }
}

function placeOf(group: string, entryId: string): string {
  return `${group}\n${entryId}`;
}
