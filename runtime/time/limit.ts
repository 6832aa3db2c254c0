import type { Clock } from "./clock.js";

/**
 * What work resolves to, unless it takes longer than so many milliseconds. What it throws at once rejects, too.
 *
 * @param late - says that it took longer
 */
export function within<Value>(
  ms: number,
  clock: Clock,
  work: () => Value | Promise<Value>,
  late = `no answer within ${ms} ms`,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new Error(late)));
    new Promise<Value>((begin) => begin(work())).then(resolve, reject).finally(() => timer.cancel());
  });
}
