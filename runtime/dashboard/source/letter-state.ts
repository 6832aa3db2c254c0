import type { UnseenStream } from "./overview.js";

/** Dead letters with one cause. */
export interface Cause {
  readonly id: string;
  readonly stream: string;
  readonly group: string;
  readonly type: string | undefined;
  readonly reason: string;
  readonly count: number;
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  /** One of them. */
  readonly sample: string;
  readonly message: string;
}

/** The causes of the open dead letters, the most frequent first. */
export interface Causes {
  readonly causes: readonly Cause[];
  /** How many letters have further causes. */
  readonly others: number;
  /** The streams whose letters cannot be counted at present. */
  readonly unseen: readonly UnseenStream[];
}

/** A dead letter of a list. */
export interface LetterLine {
  readonly stream: string;
  readonly id: string;
  readonly atMs: number;
  readonly group: string;
  readonly type: string | undefined;
  readonly reason: string;
  readonly state: "open" | "redriven" | "discarded";
}

/** A dead letter with its history. */
export interface LetterState extends LetterLine {
  readonly stateText: string;
  readonly errors: readonly { readonly at: string; readonly text: string }[];
  /** Its message as JSON, over several lines, what is sensitive masked. */
  readonly text: string;
  /** What its readers find wrong with it, each a sentence. */
  readonly issues: readonly string[];
  readonly isEditable: boolean;
  readonly isReturnable: boolean;
  /** The entry that died; `undefined` if it is none of the main stream. */
  readonly entryId: string | undefined;
  /** By which its story is told. */
  readonly correlation: string | undefined;
}

/** Which dead letters are wanted. */
export interface LetterQuery {
  readonly stream: string;
  readonly group?: string | undefined;
  readonly type?: string | undefined;
  /** The id of a cause. */
  readonly cause?: string | undefined;
  readonly state?: string | undefined;
  readonly after?: string | undefined;
}
