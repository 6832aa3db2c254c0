import type { PartitionControl } from "../../broker/partition-control.js";
import type { DeadLetters } from "../../letters/dead-letters.js";
import type { GroupControl } from "../../messaging/group-control.js";
import type { Messaging } from "../../messaging/messaging.js";
import type { Published } from "../../messaging/publisher.js";
import type { MessagingOptions } from "../../service/assemble.js";
import type { Observations } from "./observer.js";
import type { Recording } from "./recording.js";
import type { TestBroker, TestTime } from "./test-broker.js";

/** Options of a messaging of tests. Settings are not read from the environment. */
export interface TestMessagingOptions extends MessagingOptions {
  /** The broker that it shares with others. @defaultValue one of its own */
  readonly broker?: TestBroker;
}

/** A messaging over a broker in the memory of this process, with a time that passes when it is told to. */
export interface TestMessaging<Events extends object = Record<never, never>, Outcome = Published>
  extends Messaging<Events, Outcome>,
    Observations {
  readonly broker: TestBroker;
  /** The dead letters of its streams, for an operator of its name. */
  readonly deadLetters: DeadLetters;
  /** The groups of its streams, for an operator of its name: to pause and resume them, to have them retry at once. */
  readonly groups: GroupControl;
  /** The partitions of its streams, for an operator of its name. */
  readonly partitions: PartitionControl;
  /** The time of its broker. */
  readonly time: TestTime;
  /** See {@link TestBroker.settled}. */
  settled(): Promise<void>;
  /** Returns what this service has published and sent so far, for {@link writeRecording}. */
  record(): Recording;
  /**
   * Adds the messages of another service's recording to their streams, as that service would. Those of types that are not in
   * the catalogue are left out.
   * @example
   * await messaging.replay(await readRecording("../user-auth/contract/user-auth.json", catalogue));
   * await messaging.settled();
   */
  replay(recording: Recording): Promise<void>;
  /**
   * Ends this instance as `kill -9` would: its calls never end, its heartbeat stands still, and what its handlers do has no
   * effect. Other instances take over its messages when its lease has passed.
   */
  crash(): void;
}
