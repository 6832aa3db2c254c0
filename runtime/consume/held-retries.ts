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

/**
 * The entries that wait in this consumer for their next attempt, because they keep an order. An operator may have them be due at
 * once.
 */
export class HeldRetries {
  readonly #held = new Map<string, Held>();
  #heard = 0;

  /** The moment of the last call that was heard. */
  get heard(): number {
    return this.#heard;
  }

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
   * @param calls - what operators have called for since the last that was {@link heard}, in their order
   * @param isPaused - what is of such a type goes on waiting
   */
  hear(calls: readonly RetryCall[], isPaused: (type: string | undefined) => boolean): void {
    // Not the greatest: where Redis' clock went back, the calls begin anew.
    this.#heard = calls.at(-1)?.at ?? this.#heard;
    for (const [id, { type, begin }] of calls.length === 0 ? [] : this.#held) {
      if (!isPaused(type) && calls.some((call) => isOf(call, id, type))) begin();
    }
  }
}

function isOf(call: RetryCall, id: string, type: string | undefined): boolean {
  return (call.id ?? id) === id && (call.type ?? type) === type;
}
