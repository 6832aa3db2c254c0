import type { FlatFields, Layout } from "../contract/codec.js";
import type { MessagingError } from "../errors.js";

export interface Append {
  /** The whole name of its stream. Of one that {@link isKeyed} the appender puts the name of its partition here. */
  stream: string;
  /** Whether its key chooses a partition, if its stream has any. */
  readonly isKeyed: boolean;
  /** The key that its publisher chose. */
  readonly key: string | undefined;
  /** The names of its fields. What neighbours of one layout share travels once. */
  readonly layout: Layout;
  readonly entry: FlatFields;
  readonly messageId: string | undefined;
  /** Also publishes it on this channel at once: the message as a JSON object. */
  readonly announced: { readonly channel: string; readonly json: string } | undefined;
  /** Stores it once under its message id within this window. */
  readonly onceWindowMs: number | undefined;
  /** Tells that it is stored only when replicas have it, too. */
  readonly isReplicated: boolean;
  /** Asked after a wait for a connection. An entry that is not wanted any more is not sent, and fails. */
  readonly isWanted: (() => boolean) | undefined;
  readonly stored: (entryId: string) => void;
  /** Called when the entry is not in its stream, or may not be. */
  readonly failed: (error: MessagingError) => void;
}

/** Adds entries to streams. It never sends one twice: a repeat after a lost reply could store a second entry. */
export interface Appender {
  /** Entries of one stream and durability are stored in the order of their calls. */
  append(entry: Append): void;
  /** Sends at once the entries that would wait for the end of this turn of the event loop. */
  flush(): void;
  /** Resolves when no entry is under way. To be called at the end: where Redis is away, what waits for it fails. */
  drained(): Promise<void>;
}
