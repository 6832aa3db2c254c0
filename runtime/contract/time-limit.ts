import type { CommandDescriptor } from "./descriptor.js";

/** How long a sender waits where neither it nor the schema says, in seconds. */
export const DEFAULT_TIMEOUT_SECONDS = 30;

/** The longest time limit of a command, in seconds: 30 days. An answer is kept for as long. */
export const MOST_TIMEOUT_SECONDS = 2_592_000;

/** How long a sender waits for the answer, in seconds: as long as it says, else as the schema says. It may be too long. */
export function timeoutSecondsOf(descriptor: CommandDescriptor | undefined, given: number | undefined): number {
  const seconds = Number(given ?? descriptor?.schema.properties?.["timeout"]?.default);
  // The contract reports what is no time limit.
  return seconds > 0 ? seconds : DEFAULT_TIMEOUT_SECONDS;
}
