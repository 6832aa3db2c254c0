import { apart } from "../messaging/correlation.js";

/** Runs calls one after another, beginning with one of them. Returns a promise only if one of them does. */
export function inTurn(count: number, call: (at: number) => unknown, from = 0): Promise<unknown> | undefined {
  for (let at = from; at < count; at++) {
    const ran = promised(apart(() => call(at)));
    if (ran === undefined) continue;
    return at === count - 1 ? ran : ran.then(() => inTurn(count, call, at + 1));
  }
  return undefined;
}

/** What to wait for, if a call returned that. */
export function promised(result: unknown): Promise<unknown> | undefined {
  const isThenable = typeof (result as PromiseLike<unknown> | null | undefined)?.then === "function";
  return isThenable ? Promise.resolve(result) : undefined;
}
