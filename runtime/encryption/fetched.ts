import { cut, printable } from "../contract/printable.js";
import { EncryptionError } from "../errors.js";
import type { Clock } from "../time/clock.js";

export interface FetchedOptions {
  /** So many are kept; the least recently used are dropped. */
  readonly most: number;
  /** How long one is kept. */
  readonly keepMs: number;
  /** How long a fetch may take. */
  readonly timeoutMs: number;
}

/** So long a failed fetch is not repeated: a service that is down is not asked once for each message. */
const FAILED_MS = 1000;
const LONGEST_REASON = 200;

interface Entry<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

/**
 * What was fetched by name, kept for a while. Of each name one fetch is under way at most. A fetch that fails or takes too
 * long rejects with `KEY_UNAVAILABLE`, which is retried.
 */
export class Fetched<Value> {
  readonly #clock: Clock;
  readonly #options: FetchedOptions;
  /** The least recently used first. */
  readonly #kept = new Map<string, Entry<Value>>();
  readonly #underWay = new Map<string, Promise<Value>>();
  readonly #failed = new Map<string, Entry<EncryptionError>>();

  constructor(options: FetchedOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @param what - names it, for an error */
  get(name: string, what: string, fetch: () => Promise<Value>): Value | Promise<Value> {
    const now = this.#clock.now();
    const kept = this.#kept.get(name);
    if (kept !== undefined && now < kept.untilMs) {
      this.#kept.delete(name);
      this.#kept.set(name, kept);
      return kept.value;
    }
    const failed = this.#failed.get(name);
    if (failed !== undefined && now < failed.untilMs) return Promise.reject(failed.value);
    return this.#underWay.get(name) ?? this.#fetch(name, what, fetch);
  }

  /** What is kept by a name, if it may still be used. */
  peek(name: string): Value | undefined {
    const kept = this.#kept.get(name);
    return kept !== undefined && this.#clock.now() < kept.untilMs ? kept.value : undefined;
  }

  keep(name: string, value: Value): void {
    this.#kept.delete(name);
    this.#kept.set(name, { value, untilMs: this.#clock.now() + this.#options.keepMs });
    shorten(this.#kept, this.#options.most);
  }

  drop(name: string): void {
    this.#kept.delete(name);
  }

  #fetch(name: string, what: string, fetch: () => Promise<Value>): Promise<Value> {
    const fetched = this.#inTime(fetch)
      .then(
        (value) => {
          this.keep(name, value);
          return value;
        },
        (cause: unknown) => {
          const error = cause instanceof EncryptionError && !cause.retryable ? cause : unavailable(what, cause);
          this.#failed.set(name, { value: error, untilMs: this.#clock.now() + FAILED_MS });
          shorten(this.#failed, this.#options.most);
          throw error;
        },
      )
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, fetched);
    return fetched;
  }

  #inTime(fetch: () => Promise<Value>): Promise<Value> {
    const { timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const expire = (): void => reject(new Error(`no reply within ${timeoutMs / 1000} s`));
      const timer = this.#clock.after(timeoutMs, expire);
      // What throws at once is a failure like any other.
      Promise.resolve()
        .then(fetch)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }
}

function shorten(map: Map<string, unknown>, most: number): void {
  for (const name of map.keys()) {
    if (map.size <= most) return;
    map.delete(name);
  }
}

function unavailable(what: string, cause: unknown): EncryptionError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const text = `${what} cannot be fetched now: ${printable(cut(reason, LONGEST_REASON))}`;
  return new EncryptionError("KEY_UNAVAILABLE", text, { cause });
}
