import type { Duration } from "./duration.js";
import type { Observations } from "./observer.js";

/** The time of a test. It passes only when it is told to. */
export interface TestTime {
  /** The present moment. */
  now(): Date;
  /**
   * Lets time pass, from timer to timer: retries, timeouts, leases. What each causes is handled before the next.
   * @throws {EndlessError} messages cause each other without end
   * @example
   * await time.advance("10m");
   */
  advance(duration: Duration): Promise<void>;
}

/** What stands for Redis in a test. Several services, and several instances of one, may share it. */
export interface TestBroker extends AsyncDisposable, Observations {
  readonly time: TestTime;
  /**
   * Resolves when everything that was published has been handled, and what that caused, to any depth. What waits for a retry
   * or for a timeout is left to {@link TestTime.advance}.
   * @throws {UnsettledError} a handler does not end
   * @throws {EndlessError} messages cause each other without end
   * @example
   * await broker.settled();
   */
  settled(): Promise<void>;
  /**
   * Forgets a person, as `merp forget` does: what a `subject` in a schema encrypted for that person reads as erased. Only of
   * the keys that tests have by default.
   * @example
   * broker.forget("user", 123);
   */
  forget(kind: string, id: string | number): void;
  /** Closes every messaging on it. Nothing is delivered any more. */
  close(): Promise<void>;
}
