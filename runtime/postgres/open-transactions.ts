import { MessagingError } from "../errors.js";

/** The transactions that `transaction()` has begun, by the object that queries each of them: no two of them have the same one. */
const begun = new WeakMap<object, OpenTransaction>();

/** What is still being written to a transaction. */
export class OpenTransaction {
  readonly #pending = new Set<Promise<unknown>>();
  /** Why writes failed that were pending when the work had ended, or came after it. */
  readonly #failures: unknown[] = [];
  #isCompleting = false;
  #hasEnded = false;

  /** From here on {@link openAs} finds it, also when it has ended. */
  begin(transaction: object): void {
    begun.set(transaction, this);
  }

  /** Has the transaction wait for a write that its work does not await. */
  include<Result>(write: Promise<Result>): Promise<Result> {
    this.#pending.add(write);
    const forget = (): void => void this.#pending.delete(write);
    write.then(forget, (error: unknown) => {
      forget();
      if (this.#isCompleting) this.#failures.push(error);
    });
    return write;
  }

  /**
   * Waits for what is being written when the work has ended. What failed before has failed in the hands of the work.
   * @throws what the first of these writes rejects with
   */
  async complete(): Promise<void> {
    this.#isCompleting = true;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** From here on nothing more is written: it would be outside of the transaction, or in the next one of the connection. */
  end(): void {
    this.#hasEnded = true;
  }

  /**
   * @param undone - what has come too late, as `user.created was not written`
   * @throws {MessagingError} `TRANSACTION_FAILED` after its end
   */
  assertOpen(undone: string): void {
    if (!this.#hasEnded) return;
    const text = `${undone}: its transaction has ended. Await each call before the work of the transaction ends`;
    throw new MessagingError("TRANSACTION_FAILED", text);
  }
}

/** `undefined` for a transaction that its library, or the service itself, has begun. */
export function openAs(transaction: object): OpenTransaction | undefined {
  return begun.get(transaction);
}
