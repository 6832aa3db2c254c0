import type { EffectCall, KeyOf } from "./effects.js";
import type { Delivery } from "./parcel.js";
import type { DeviationKind, Schedule } from "./schedule.js";
import type { Story } from "./story.js";

/** What all schedules have in common. */
export interface Setting {
  /** Makes the handler of a process. */
  readonly start: (world: { readonly state: unknown; readonly effects: unknown }) => unknown;
  /** How many messages are delivered, and whether each waits for those before it. */
  readonly messages: number;
  readonly isOrdered: boolean;
  /** Runs it for one delivery. */
  readonly handle: (handler: unknown, delivery: Delivery, signal: AbortSignal) => unknown;
  readonly fresh: () => unknown;
  readonly snapshot: (state: unknown) => unknown;
  readonly effects: () => unknown;
  readonly keys: Readonly<Record<string, KeyOf | undefined>>;
  readonly transactions: readonly string[];
  readonly timeoutMs: number;
}

/** What became of one schedule. */
export interface Run {
  /** The deviations that were possible, where they were demanded. */
  readonly schedule: Schedule;
  /** The deviations that are possible at each step. */
  readonly choices: readonly (readonly DeviationKind[])[];
  readonly story: Story;
  readonly state: unknown;
  readonly effects: readonly EffectCall[];
  /** The error of a handler that fails at every attempt, so that its message becomes a dead letter. */
  readonly deadLetter: { readonly error: unknown; readonly name: string } | undefined;
  /** What the handler returned when each message was acknowledged last. */
  readonly answers: readonly unknown[];
}
