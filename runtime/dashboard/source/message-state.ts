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
