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
 * @throws Error when it does not come to hold in time; says what was seen last, also where the last look failed, whose error is
 *   its `cause`
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
  let seen: { readonly last: T } | undefined;
  for (;;) {
    let failure: { readonly error: unknown } | undefined;
    try {
      const last = await within(look(), giveUpAt);
      if (holds(last)) return last;
      seen = { last };
    } catch (error) {
      failure = { error };
    }
    if (performance.now() >= giveUpAt) {
      const end = [`${what} did not come about within ${withinMs} ms`];
      if (failure !== undefined) end.push(`looking failed last with ${String(failure.error)}`);
      if (seen !== undefined) end.push(`seen last: ${inspect(seen.last, { depth: 6, breakLength: 100 })}`);
      throw new Error(end.join("; "), failure && { cause: failure.error });
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
