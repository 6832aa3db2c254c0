import { AsyncLocalStorage } from "node:async_hooks";

/** What flows from a message to whatever is published or sent while it is handled. */
export interface Correlation {
  readonly correlationId: string | undefined;
  /** The id of the message being handled: the cause of what follows. */
  readonly messageId: string | undefined;
}

const storage = new AsyncLocalStorage<Correlation>();

/** Runs a handler so that its publishes and sends inherit the correlation, across every await. */
export function runCorrelated<Result>(correlation: Correlation, work: () => Result): Result {
  return storage.run(correlation, work);
}

/** The correlation of the message being handled, if one is. */
export function currentCorrelation(): Correlation | undefined {
  return storage.getStore();
}
