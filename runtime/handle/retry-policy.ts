import type { Outcome } from "../broker/delivery.js";
import { ContractError, DecodeError, RetryAfter, UnrecoverableError } from "../errors.js";

export interface RetryPolicy {
  readonly maxRetries: number;
  readonly delayMs: number;
}

/** A message is retried at least once an hour, however often it has failed. */
const LONGEST_DELAY_MS = 3_600_000;

/** Decides on a message whose handler threw, or that could not be read. */
export function afterFailure(error: unknown, attempt: number, policy: RetryPolicy): Outcome {
  const hopeless = error instanceof UnrecoverableError || isUnreadable(error);
  if (hopeless || attempt > policy.maxRetries) return { kind: "dead", error };
  const asked = error instanceof RetryAfter ? error.delayMs : Number.NaN;
  const delayMs = Number.isFinite(asked) ? asked : backoff(attempt, policy.delayMs);
  return { kind: "retry", delayMs, error };
}

/** Whether the message itself is at fault. A contract that the handler's own publish broke may be retried. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof DecodeError || (error instanceof ContractError && error.reading);
}

/** Doubles with each attempt. With jitter, messages that failed together do not come back together. */
function backoff(attempt: number, baseMs: number): number {
  return Math.min(LONGEST_DELAY_MS, baseMs * 2 ** Math.min(attempt - 1, 30)) * (0.5 + Math.random() / 2);
}
