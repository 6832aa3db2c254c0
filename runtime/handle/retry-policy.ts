import type { Delivery, Outcome } from "../broker/delivery.js";
import {
  BuriedError,
  ContractError,
  DecodeError,
  EncryptionError,
  MessagingError,
  PoisonError,
  RetryAfter,
  UnrecoverableError,
  UpcastError,
} from "../errors.js";
import type { Jitter } from "../time/clock.js";

export interface RetryPolicy {
  readonly maxRetries: number;
  readonly delayMs: number;
}

/** A message is retried at least once an hour, however often it has failed. */
const LONGEST_DELAY_MS = 3_600_000;
/** A message whose key, or the database of its inbox, cannot be reached is tried again at least so often, until it can. */
const LONGEST_WAIT_MS = 60_000;
const AWAY = new Set<string>(["KEY_UNAVAILABLE", "DATABASE_UNAVAILABLE"]);
/** How often a message must have begun in processes that died, the last time alone, before it counts as what kills them. */
const FEWEST_DEATHS = 3;

/**
 * Asked before a message is decoded, which may be what ends its process. An attempt that fails and is the last ends as a
 * dead letter. If there is one more all the same, the last did not end: its process was closed while the handler ran.
 * Deaths of processes use up no attempts, but only so many of them.
 *
 * @param mayWaitForKey - whether a member of an older version may have tried it in vain for want of a key, and counted that
 * @throws {PoisonError} when none is left
 */
export function assertAttemptsLeft(
  { attempt, deaths = 0 }: Delivery,
  maxRetries: number,
  mayWaitForKey: boolean,
): void {
  const isDeadly = attempt > 1 + maxRetries && deaths >= FEWEST_DEATHS;
  if (isDeadly || (!mayWaitForKey && attempt - deaths > 1 + maxRetries)) throw new PoisonError(attempt - 1);
}

/** Decides on a message whose handler threw, or that could not be read. */
export function afterFailure(error: unknown, attempt: number, policy: RetryPolicy, jitter: Jitter): Outcome {
  const hopeless = error instanceof UnrecoverableError || error instanceof BuriedError || isUnreadable(error);
  if (hopeless || attempt > policy.maxRetries) return { kind: "dead", error };
  const asked = error instanceof RetryAfter ? error.delayMs : Number.NaN;
  const delayMs = Number.isFinite(asked) ? asked : backoff(attempt, policy.delayMs, jitter);
  return { kind: "retry", delayMs, error };
}

/**
 * Decides on a message that failed because what every message needs is away: it waits for that, and no attempt counts. The pauses
 * grow with its age, for no number of attempts does. `undefined` for what failed otherwise.
 */
export function whileAway(
  error: unknown,
  ageMs: number,
  { delayMs }: RetryPolicy,
  jitter: Jitter,
): Outcome | undefined {
  if (!(error instanceof MessagingError && AWAY.has(error.code))) return undefined;
  const mostMs = Math.min(LONGEST_WAIT_MS, Math.max(delayMs, ageMs / 2));
  return { kind: "retry", delayMs: mostMs * (0.5 + jitter.chance() / 2), error, isUncounted: true };
}

/** Whether the message itself, or its upcaster, is at fault. A contract that the handler's own publish broke may be retried. */
export function isUnreadable(error: unknown): boolean {
  if (error instanceof DecodeError || error instanceof UpcastError) return true;
  return (error instanceof ContractError || error instanceof EncryptionError) && error.reading;
}

/** The time that all retries of a message wait at most, without that of its handler, or of a `RetryAfter`. */
export function longestRetryMs({ maxRetries, delayMs }: RetryPolicy): number {
  let sum = 0;
  for (let attempt = 1; attempt <= maxRetries; attempt++) sum += delayAfter(attempt, delayMs);
  return sum;
}

/** With jitter, messages that failed together do not come back together. */
function backoff(attempt: number, baseMs: number, jitter: Jitter): number {
  return delayAfter(attempt, baseMs) * (0.5 + jitter.chance() / 2);
}

function delayAfter(attempt: number, baseMs: number): number {
  return Math.min(LONGEST_DELAY_MS, baseMs * 2 ** Math.min(attempt - 1, 30));
}
