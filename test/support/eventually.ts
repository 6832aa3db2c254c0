import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

export interface EventuallyOptions {
  /** How long to go on looking. @defaultValue 10 000 */
  readonly withinMs?: number;
  /** The pause between two looks. @defaultValue 20 */
  readonly everyMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

/**
 * Looks again and again until what is seen holds; resolves to that. A look that throws is one that saw nothing yet.
 *
 * @param holds - by default: it is truthy
 * @throws Error when it does not come to hold in time; says what was seen last, with its error as `cause`
 * @example
 * ```ts
 * await eventually(() => redis.xlen("events"), (length) => length === 3);
 * ```
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean = Boolean,
  options: EventuallyOptions = {},
): Promise<T> {
  const { withinMs = 10_000, everyMs = 20, what = "what was waited for" } = options;
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    let last: { seen: T } | { error: unknown };
    try {
      const seen = await within(look(), giveUpAt);
      if (holds(seen)) {
        return seen;
      }
      last = { seen };
    } catch (error) {
      last = { error };
    }
    if (performance.now() >= giveUpAt) {
      const end = `${what} did not come about within ${withinMs} ms`;
      throw "error" in last
        ? new Error(`${end}; looking failed last with ${String(last.error)}`, { cause: last.error })
        : new Error(`${end}; seen last: ${inspect(last.seen, { depth: 6, breakLength: 100 })}`);
    }
    await sleep(everyMs);
  }
}

/** A look that hangs (a command to a Redis that is stopped) must not outlast the bound. */
async function within<T>(looking: T | Promise<T>, giveUpAt: number): Promise<T> {
  const end = new AbortController();
  const late = sleep(Math.max(0, giveUpAt - performance.now()), undefined, { signal: end.signal }).then(
    () => Promise.reject(new Error("the last look had no answer")),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([looking, late]);
  } finally {
    end.abort();
  }
}
