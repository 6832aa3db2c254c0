import type { Redis } from "ioredis";

type ScriptMethod = (...args: (string | number)[]) => Promise<unknown>;

/**
 * A Lua script that Redis runs as one step. It is sent by its digest and, where Redis does not know it yet, whole.
 * All its keys share one slot of a cluster.
 *
 * It runs even when Redis has no memory left, unless it is said to need some: settling and taking over must go on
 * then, or the consumers of a full Redis would look dead and nothing would make it emptier.
 */
export class Script<Reply> {
  readonly #name: string;
  readonly #keys: number;
  /** Its text, for whoever sends it some other way. */
  readonly lua: string;

  constructor(
    name: string,
    keys: number,
    lua: string,
    { needsMemory = false }: { readonly needsMemory?: boolean } = {},
  ) {
    this.#name = `merp_${name}`;
    this.#keys = keys;
    this.lua = needsMemory ? lua : `#!lua flags=allow-oom\n${lua}`;
  }

  run(client: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    const methods = client as unknown as Record<string, ScriptMethod | undefined>;
    if (methods[this.#name] === undefined) {
      client.defineCommand(this.#name, { numberOfKeys: this.#keys, lua: this.lua });
    }
    return (methods[this.#name] as ScriptMethod).call(client, ...keys, ...args) as Promise<Reply>;
  }
}
