import type { Messaging, MessagingOptions } from "../../generated/index.js";
import type { PartitionControl } from "../../runtime/broker/partition-control.js";
import type { DeadLetters } from "../../runtime/letters/dead-letters.js";
import type { GroupControl } from "../../runtime/messaging/group-control.js";

/** What both brokers offer. */
export type Service = Messaging;

export interface Mortal {
  readonly service: Service;
  crash(): void;
}

/** Where a sentence is played: on Redis in real time, or in memory in virtual time. All of its services share a broker. */
export interface Stage {
  /** A service, or another instance of one. Its retries wait for a twentieth of a second unless the options say otherwise. */
  service(name: string, options?: MessagingOptions): Service;
  /** A service whose process may end without a word. */
  mortal(name: string, options?: MessagingOptions): Promise<Mortal>;
  readonly deadLetters: DeadLetters;
  readonly groups: GroupControl;
  readonly partitions: PartitionControl;
  /** Takes a partition from its owner, for a member that nobody knows: as if that had been the next owner. */
  usurp(partition: string, group: string): Promise<void>;
  /** Resolves when something holds, as time passes: within ten seconds and more. */
  until(holds: () => boolean | Promise<boolean>, what: string): Promise<void>;
  /** Lets time pass, in which something may happen that should not. */
  pass(ms: number): Promise<void>;
}

/** Sentences about delivery, each with the play that shows it. */
export type Sentences = Readonly<Record<string, (stage: Stage) => Promise<void>>>;
