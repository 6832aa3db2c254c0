import type { RetryCall } from "../broker/retry-call.js";

interface Held {
  readonly type: string | undefined;
  readonly begin: () => void;
}

/** The entries that wait in this consumer for their next attempt, because they keep an order. An operator may have them be due at once. */
export class HeldRetries {
  readonly #held = new Map<string, Held>();
  #heard: ReadonlyMap<string, number> = new Map();

  /** Resolves when an operator wants the next attempt of an entry at once. */
  called(id: string, type: string | undefined): Promise<void> {
    return new Promise((begin) => this.#held.set(id, { type, begin }));
  }

  /** An entry waits no longer. */
  ended(id: string): void {
    this.#held.delete(id);
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
