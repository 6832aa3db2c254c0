import type { Clock } from "./clock.js";

/** What work resolves to, unless it takes longer than so many milliseconds. What it throws at once rejects, too. */
export function within<Value>(ms: number, clock: Clock, work: () => Value | Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new Error(`no answer within ${ms} ms`)));
    new Promise<Value>((begin) => begin(work())).then(resolve, reject).finally(() => timer.cancel());
  });
}
