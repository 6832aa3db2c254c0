/** Something that is wrong, or will be. */
export interface Fault {
  /** Tells it from all others, as long as it lasts. */
  readonly key: string;
  readonly severity: "critical" | "warning" | "notice";
  /** What is wrong, as a sentence. */
  readonly text: string;
  /** The command that mends it, or that looks into it. */
  readonly command?: string | undefined;
  /** What it is about, for a link. */
  readonly stream?: string | undefined;
  readonly group?: string | undefined;
}

/** A member of a group. */
export interface MemberState {
  readonly name: string;
  readonly pending: number;
  /** Since it was last heard of, in ms. */
  readonly silentMs: number | undefined;
  readonly state: "alive" | "silent" | "dead";
}

/** A group of a stream. */
export interface GroupState {
  readonly name: string;
  /** The number of entries to be read; `undefined` when Redis cannot tell. */
  readonly lag: number | undefined;
  readonly pending: number;
  /** Since when the oldest pending entry has been there, in ms. */
  readonly oldestMs: number | undefined;
  /** Entries that wait for their retry. */
  readonly retrying: number;
  readonly members: number;
  readonly alive: number;
  /** At most a hundred: those of which nothing is heard, then those that hold most. */
  readonly list: readonly MemberState[];
  readonly openLetters: number;
  /** How many entries the group was given so far; `undefined` when Redis cannot tell. */
  readonly read: number | undefined;
  /** What an operator has paused, each a sentence. */
  readonly pauses: readonly string[];
  readonly isPaused: boolean;
}

/** A stream. Its name is without the environment's prefix. */
export interface StreamState {
  readonly name: string;
  readonly key: string;
  readonly length: number;
  /** How many entries were ever added. */
  readonly added: number;
  readonly newestMs: number | undefined;
  readonly oldestMs: number | undefined;
  readonly groups: readonly GroupState[];
}

/** The last report of a service. */
export interface ServiceState {
  readonly name: string;
  readonly status: string;
  /** Since its last report; `undefined` if none is known. */
  readonly silentSeconds: number | undefined;
  readonly version: string | undefined;
  readonly uptimeSeconds: number | undefined;
}

/** Everything that the overview shows, as it was at one moment. */
export interface Snapshot {
  /** By the clock of Redis, in ms since 1970. */
  readonly atMs: number;
  readonly environment: string;
  readonly address: string;
  readonly faults: readonly Fault[];
  readonly streams: readonly StreamState[];
  readonly services: readonly ServiceState[];
}

/** A part of a list, and where it goes on. */
export interface Part<Item> {
  readonly items: readonly Item[];
  /** Begins the next part; `undefined` at the end. */
  readonly next: string | undefined;
}

/** Which messages are wanted. What is left out matches all. */
export interface Query {
  readonly stream: string;
  readonly type?: string | undefined;
  readonly company?: string | undefined;
  readonly correlation?: string | undefined;
  /** `path=value`, the value as it is shown. */
  readonly field?: string | undefined;
  readonly before?: string | undefined;
}

/** A message of a list. */
export interface MessageLine {
  readonly stream: string;
  readonly id: string;
  readonly atMs: number;
  readonly type: string | undefined;
  readonly source: string | undefined;
  readonly company: string | undefined;
  readonly correlation: string | undefined;
}

/** What was found, and how far was looked. */
export interface Found extends Part<MessageLine> {
  readonly looked: number;
}

/** A message as it may be shown: what is sensitive is masked. */
export interface MessageState extends MessageLine {
  /** The message as JSON, over several lines. */
  readonly text: string;
  /** The id by which its story is told. */
  readonly storyId: string;
  /** What a reader says of it: each a sentence. */
  readonly issues: readonly string[];
  /** What became of it, group by group. */
  readonly fates: readonly FateState[];
}

/** What became of a message in a group. */
export interface FateState {
  readonly group: string;
  /** What it does or did, as the end of a sentence: `waits to be taken`. */
  readonly text: string;
  readonly isBad: boolean;
  /** The id of its dead letter. */
  readonly letter: string | undefined;
}

/** A step of a story. */
export interface Step {
  /** Tells it from all others. */
  readonly key: string;
  /** `undefined` where nobody noted it. */
  readonly atMs: number | undefined;
  readonly kind: "published" | "handled" | "waiting" | "retried" | "dead" | "answered";
  readonly text: string;
  /** Whether it is about the message that was asked for. */
  readonly isNamed?: boolean;
  readonly stream?: string | undefined;
  readonly id?: string | undefined;
  /** How many steps led to it. */
  readonly depth: number;
}

/** What one message, or all that share a correlation, led to. */
export interface Story {
  readonly title: string;
  readonly steps: readonly Step[];
  /** What is not known, as sentences. */
  readonly remarks: readonly string[];
}

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
