import type { Redis } from "ioredis";

/** A Lua script that Redis runs as one step. All its keys share one slot of a cluster. */
export interface Script<Reply> {
  readonly lua: string;
  run(client: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply>;
}
type Command<Reply> = (keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<Reply>;

/**
 * The tag of a script's text. The script runs even when Redis has no memory left, unless it `needsMemory`: settling and
 * taking over must go on, or the consumers of a full Redis would look dead and nothing would free its memory. One that
 * only `reads` also runs where Redis refuses writes.
 */
export function script(
  name: string,
  { needsMemory = false, reads = false }: { readonly needsMemory?: boolean; readonly reads?: boolean } = {},
): <Reply>(texts: TemplateStringsArray, ...fragments: readonly string[]) => Script<Reply> {
  const command = `merp_${name}`;
  return <Reply>(texts: TemplateStringsArray, ...fragments: readonly string[]) => {
    const flags = reads ? "allow-oom,no-writes" : "allow-oom";
    const lua = (needsMemory ? "" : `#!lua flags=${flags}\n`) + String.raw(texts, ...fragments);
    const run: Script<Reply>["run"] = (client, keys, args) => {
      const commands = client as unknown as Record<string, Command<Reply>>;
      // The client sends its digest, and the whole text where Redis does not know it yet.
      if (commands[command] === undefined) client.defineCommand(command, { lua });
      return (commands[command] as Command<Reply>).call(client, keys.length, ...keys, ...args);
    };
    return { lua, run };
  };
}
