import { type Outcome, outcomeOf, type Step } from "./step.js";
import type { WatchedCall } from "./watch.js";

/** The process that runs a transaction. */
export interface TransactionHost {
  readonly isDead: boolean;
  /** Rejects when the process dies. */
  readonly death: Promise<never>;
  /** Posts a step. */
  post(step: Step): void;
  /** The object of the transaction, whose calls are steps inside it. */
  watchInside(given: unknown): unknown;
  opened(done: Promise<unknown>): void;
  closed(isRolledBack: boolean): void;
}

/**
 * Runs a transaction of the state with a step before it and one for its commit. If the process dies before the commit,
 * the function that was given to the state's own method rejects, so that it rolls back.
 *
 * @returns what the handler awaits
 */
export function runTransaction(host: TransactionHost, call: WatchedCall): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: Outcome): void => {
      if (host.isDead) return;
      if ("error" in outcome) reject(outcome.error);
      else resolve(outcome.value);
    };
    const begun = (outcome: Outcome): void => {
      if ("error" in outcome) settle(outcome);
    };
    const perform = (): Promise<Outcome> => outcomeOf(() => open(host, call, settle));
    host.post({ kind: "begin", does: () => `begins ${call.told()}`, inTransaction: false, perform, settle: begun });
  });
}

/** Resolves when the transaction is open: its function has been called. */
function open(host: TransactionHost, call: WatchedCall, settle: (outcome: Outcome) => void): Promise<void> {
  return new Promise((entered) => {
    let isCommitting = false;
    const run = async (work: () => unknown): Promise<unknown> => {
      entered();
      const result = await Promise.race([work(), host.death]);
      isCommitting = true;
      await Promise.race([commitStep(host, done, settle), host.death]);
      return result;
    };
    const done = outcomeOf(() => call.call(withFunction(host, call.args, run)));
    host.opened(done);
    void done.then((outcome) => {
      host.closed("error" in outcome);
      entered();
      if (!isCommitting) settle(outcome);
    });
  });
}

/** Resolves when the commit is allowed, and rejects when it has to fail. */
function commitStep(host: TransactionHost, done: Promise<Outcome>, settle: (outcome: Outcome) => void): Promise<void> {
  return new Promise((permit, refuse) => {
    host.post({
      kind: "commit",
      does: () => "commits",
      inTransaction: true,
      settle,
      perform: () => {
        permit();
        return done;
      },
      refuse: async (error) => {
        refuse(error);
        await done;
      },
    });
  });
}

/** A transaction in a transaction is part of it, and has no commit of its own. */
export function runNested(host: TransactionHost, call: WatchedCall): unknown {
  return call.call(withFunction(host, call.args, async (work) => Promise.race([work(), host.death])));
}

/** The arguments of the state's method, where the caller's function is run by another one. */
function withFunction(
  host: TransactionHost,
  args: readonly unknown[],
  run: (work: () => unknown) => Promise<unknown>,
): readonly unknown[] {
  return args.map((one) =>
    typeof one === "function"
      ? (...given: readonly unknown[]) => run(() => one(...given.map((each) => host.watchInside(each))) as unknown)
      : one,
  );
}
