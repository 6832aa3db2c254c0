import type { Causes, LetterLine, LetterQuery, LetterState } from "./letter-state.js";
import type { Found, MessageState, Part, Query, Story } from "./message-state.js";
import type { Snapshot, UnseenStream } from "./overview.js";

/** A message type as it was sampled from a stream. */
export interface Flowing {
  readonly stream: string;
  readonly kind: string;
  readonly type: string;
  readonly from: readonly { readonly service: string; readonly count: number }[];
  readonly to: readonly string[];
}

/** Who published what to whom lately. */
export interface Traffic {
  readonly flowing: readonly Flowing[];
  /** The groups that do not tell what they handle. */
  readonly silent: readonly { readonly stream: string; readonly group: string }[];
  /** How many entries were looked at, and since when. */
  readonly looked: number;
  readonly sinceMs: number | undefined;
  /** The streams that cannot be looked at at present. */
  readonly unseen: readonly UnseenStream[];
}

/** What an operator may change. */
export type Action =
  | { readonly action: "redrive" | "discard"; readonly stream: string; readonly id: string }
  | { readonly action: "redrive-edited"; readonly stream: string; readonly id: string; readonly text: string }
  | { readonly action: "redrive-all" | "discard-all"; readonly stream: string; readonly cause: string }
  | { readonly action: "pause" | "resume" | "retry-now"; readonly stream: string; readonly group: string };

/** Who changes something, and why. */
export interface Actor {
  readonly who: string;
  readonly why: string;
}

/** What the dashboard shows and changes. Everything that it returns may be shown: what is sensitive is masked already. */
export interface DashboardSource extends AsyncDisposable {
  snapshot(): Promise<Snapshot>;
  messages(query: Query): Promise<Found>;
  message(stream: string, id: string): Promise<MessageState | undefined>;
  story(id: string): Promise<Story | undefined>;
  causes(): Promise<Causes>;
  letters(query: LetterQuery): Promise<Part<LetterLine>>;
  letter(stream: string, id: string): Promise<LetterState | undefined>;
  traffic(): Promise<Traffic>;
  /** Resolves to what was done, as a sentence. */
  act(action: Action, actor: Actor): Promise<string>;
}
