import type { Step } from "./step.js";

/** The process of a delivery. */
export interface Host {
  /** Counted from 1. */
  readonly number: number;
  readonly isDead: boolean;
  /** The steps that wait, in the order in which they are taken. */
  readonly steps: Step[];
  /** All deliveries that have not ended. */
  readonly deliveries: readonly Delivery[];
  /** Whether the handler of a delivery runs and none of its steps waits: it awaits something else. */
  readonly isBusy: boolean;
  deliveryOf(step: Step): Delivery | undefined;
  kill(): Promise<void>;
}

/** One delivery of a message to a process. */
export interface Delivery {
  readonly parcel: Parcel;
  readonly process: Host;
  readonly attempt: number;
  readonly redelivered: boolean;
  progress: "waiting" | "running" | "returned" | "failed" | "ended";
  error?: unknown;
}

/** One of the messages of a schedule, until it is acknowledged. */
export interface Parcel {
  /** Counted from 1. */
  readonly number: number;
  readonly isOnly: boolean;
  /** As a story calls it. */
  readonly name: string;
  /** The last delivery: only its acknowledgement counts. */
  owned: Delivery | undefined;
  isAcknowledged: boolean;
  /** How often the handler failed for it, and not because of the schedule. */
  failures: number;
  answer: unknown;
}

/** A delivery that is to come. */
export interface Due {
  readonly parcel: Parcel;
  readonly redelivered: boolean;
  /** Where it failed, or was acknowledged. */
  readonly process?: Host;
}
