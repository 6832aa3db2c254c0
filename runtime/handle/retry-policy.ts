import type { Outcome } from "../broker/delivery.js";
import { ContractError, DecodeError, RetryAfter, UnrecoverableError } from "../errors.js";

/** How failing messages are tried again. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly delayMs: number;
}

/** However often a message has failed, it is tried at least once an hour until its retries are used up. */
const LONGEST_DELAY_MS = 3_600_000;

/** What becomes of a message whose handler threw, or that could not be read. */
export function afterFailure(error: unknown, attempt: number, policy: RetryPolicy): Outcome {
  const hopeless = error instanceof UnrecoverableError || isUnreadable(error);
  if (hopeless || attempt > policy.maxRetries) return { kind: "dead", error };
  const asked = error instanceof RetryAfter ? error.delayMs : Number.NaN;
  const delayMs = Number.isFinite(asked) ? asked : backoff(attempt, policy.delayMs);
  return { kind: "retry", delayMs, error };
}

/** The message itself is none; a contract broken by the handler's own publish may well be retried. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof DecodeError || (error instanceof ContractError && error.reading);
}

/** Doubles with each attempt; jitter keeps those that failed together from coming back together. */
function backoff(attempt: number, baseMs: number): number {
  return Math.min(LONGEST_DELAY_MS, baseMs * 2 ** Math.min(attempt - 1, 30)) * (0.5 + Math.random() / 2);
}
