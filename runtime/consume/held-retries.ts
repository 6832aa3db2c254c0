import type { RetryCall } from "../broker/retry-call.js";

interface Held {
  readonly type: string | undefined;
  readonly begin: () => void;
}

/** One entry that waits for its next attempt. */
interface HeldRetry {
  /** Resolves when an operator wants the next attempt at once, or when the wait has ended. */
  readonly called: Promise<void>;
  /** Ends the wait. The same entry may have come again and wait anew: that goes on. */
  readonly end: () => void;
}

/** The entries that wait in this consumer for their next attempt, because they keep an order. An operator may have them be due at once. */
export class HeldRetries {
  readonly #held = new Map<string, Held>();
  #heard: ReadonlyMap<string, number> = new Map();

  /** An entry waits for its next attempt, until it is called for or the wait is ended. */
  hold(id: string, type: string | undefined): HeldRetry {
    let begin = (): void => {};
    const called = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const held = { type, begin };
    this.#held.set(id, held);
    const end = (): void => {
      if (this.#held.get(id) === held) this.#held.delete(id);
      begin();
    };
    return { called, end };
  }

  /**
   * @param calls - what operators have called for lately, with what was heard before
   * @param isPaused - what is of such a type goes on waiting
   */
  hear(calls: readonly RetryCall[], isPaused: (type: string | undefined) => boolean): void {
    const fresh = calls.filter(({ name, at }) => at > (this.#heard.get(name) ?? 0));
    this.#heard = new Map(calls.map(({ name, at }) => [name, at]));
    for (const [id, { type, begin }] of fresh.length === 0 ? [] : this.#held) {
      if (!isPaused(type) && fresh.some((call) => isOf(call, id, type))) begin();
    }
  }
}

function isOf(call: RetryCall, id: string, type: string | undefined): boolean {
  return (call.id ?? id) === id && (call.type ?? type) === type;
}
