import type { Membership } from "../broker/membership.js";
import type { Config } from "../config/config.js";
import type { Dispatcher } from "../handle/dispatcher.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { Pause } from "../time/pause.js";
import type { Halt } from "./halt.js";
import type { HeldRetries } from "./held-retries.js";

/** Shared by the parts of one consumer. */
export interface ConsumerParts extends RuntimeParts {
  readonly membership: Membership;
  readonly config: Config;
  readonly dispatcher: Dispatcher;
  readonly halt: Halt;
  readonly heldRetries: HeldRetries;
  /** Waits until the consumer stops reading. */
  readonly reading: Pause;
  /** Waits until the consumer stops settling. */
  readonly settling: Pause;
}

/** What the parts of a consumer tell its workload. */
export interface Watching {
  /** Nothing is left to settle of an entry. */
  settled(id: string): void;
  /** Entries have begun or ended, so that there may be room for others. */
  moved(): void;
  /** Only the id of an entry is held any more. */
  unloaded(id: string): void;
  readonly lapses: {
    /** Notices that other members may have taken what this one holds. Returns how often that was noticed. */
    notice(): number;
    /** After a lapse: resolves when it is known which entries in progress others have taken. */
    readonly judged: Promise<void> | undefined;
  };
}

/** @param isRepeated - it was tried before, and may have been done */
export type Work<Result> = (isRepeated: boolean) => Promise<Result>;
