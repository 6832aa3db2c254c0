import type { Redis } from "ioredis";

type ScriptMethod = (...args: (string | number)[]) => Promise<unknown>;

/**
 * A Lua script that Redis runs as one step. It is sent by its digest and, where Redis does not know it yet, whole.
 * All its keys share one slot of a cluster.
 */
export class Script<Reply> {
  readonly #name: string;
  readonly #keys: number;
  readonly #lua: string;

  constructor(name: string, keys: number, lua: string) {
    this.#name = `merp_${name}`;
    this.#keys = keys;
    this.#lua = lua;
  }

  run(client: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    const methods = client as unknown as Record<string, ScriptMethod | undefined>;
    if (methods[this.#name] === undefined) {
      client.defineCommand(this.#name, { numberOfKeys: this.#keys, lua: this.#lua });
    }
    return (methods[this.#name] as ScriptMethod).call(client, ...keys, ...args) as Promise<Reply>;
  }
}
