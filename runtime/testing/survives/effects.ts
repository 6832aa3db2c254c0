import { isDeepStrictEqual } from "node:util";

import type { WatchedCall } from "./watch.js";

/** A call of an effect that took effect. */
export interface EffectCall {
  /** The path below the effects: `sendMail`, `mail.send`. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Returns the idempotency key of a call: its receiver does the work of a key once. `undefined` for a call without one. */
export type KeyOf = (...args: never[]) => unknown;

/** What took effect outside, in the order of time. */
export class EffectLog {
  readonly calls: EffectCall[] = [];
  readonly #keys: Readonly<Record<string, KeyOf | undefined>>;
  readonly #replies: { readonly name: string; readonly key: unknown; readonly reply: unknown }[] = [];

  constructor(keys: Readonly<Record<string, KeyOf | undefined>>) {
    this.#keys = keys;
  }

  /** Calls the effect. A key that was there before has the reply of its first call, as an idempotent receiver gives it. */
  async call({ path, args, call }: WatchedCall): Promise<unknown> {
    const name = path.slice(path.indexOf(".") + 1);
    const given = copyOf(args);
    const key = (this.#keys[name] as ((...args: readonly unknown[]) => unknown) | undefined)?.(...args);
    const known = this.#replies.find(
      (one) => key !== undefined && one.name === name && isDeepStrictEqual(one.key, key),
    );
    if (known !== undefined) return known.reply;
    const reply = await call(args);
    this.calls.push({ name, args: given });
    this.#replies.push({ name, key, reply });
    return reply;
  }
}

/** A copy, so that what a handler changes later does not change the record. What cannot be copied is kept. */
function copyOf(args: readonly unknown[]): readonly unknown[] {
  return args.map((one) => {
    try {
      return structuredClone(one);
    } catch {
      return one;
    }
  });
}
