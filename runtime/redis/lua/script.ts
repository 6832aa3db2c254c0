import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { isReply } from "../reply.js";

/** A Lua script that Redis runs as one step. All its keys share one slot of a cluster. */
export interface Script<Reply> {
  readonly lua: string;
  /** By which Redis knows the text of one that only reads. */
  readonly digest?: string;
  /** Where the client carries a {@link Fence}, the script is refused unless its epoch still is that of the lease. */
  run(client: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply>;
}
/** What every script of a partition's owner is checked by, in the same step. */
export interface Fence {
  /** The key of the lease. */
  readonly lease: string;
  readonly epoch: number;
  readonly client: Redis;
  readonly reader: Reader;
}

/** Whoever takes entries for the owner: one after the other, each with a greater number than the one before. */
export interface Reader {
  /** The field of the lease that holds the latest number. */
  readonly field: string;
  readonly number: number;
}

/** A client that carries a fence. All else is that of the client. */
export type FencedClient = Redis & { readonly fence?: Fence };

/** The same client for what is no owner's alone. */
export function unfenced(client: FencedClient): Redis {
  return client.fence?.client ?? client;
}

/** The lease and its epoch come last, and are gone before the script begins. */
const FENCED = `
do
  local epoch, lease = table.remove(ARGV), table.remove(KEYS)
  if redis.call('HGET', lease, 'epoch') ~= epoch then return redis.error_reply('FENCED another member owns ' .. lease) end
end
`;

/** The same for a script that takes entries, whose reader must not be older than the latest one either. */
const READER_FENCED = `
do
  local field, number = table.remove(ARGV), table.remove(ARGV)
  local epoch, lease = table.remove(ARGV), table.remove(KEYS)
  local found = redis.call('HMGET', lease, 'epoch', field)
  if found[1] ~= epoch then return redis.error_reply('FENCED another member owns ' .. lease) end
  if (tonumber(found[2]) or 0) > tonumber(number) then
    return redis.error_reply('SUPERSEDED this was sent before the connection was renewed')
  end
end
`;

type Command<Reply> = (keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<Reply>;

/** A step of a script: its command and subcommand, and the key or channel on which it works. */
const STEP = /redis\.call\('([A-Z]+)'(?:, '([A-Z]+)')?, ((?:KEYS|ARGV)\[\d+\])/g;
/**
 * How many arguments each command needs at least behind its key or channel: Redis 8 checks no right to a command that is
 * not complete.
 */
const ARGUMENTS: Readonly<Record<string, number>> = {
  ...{ DEL: 0, EXISTS: 0, GET: 0, PERSIST: 0, PEXPIREAT: 1, PTTL: 0, PUBLISH: 1, SET: 1 },
  ...{ HDEL: 1, HEXISTS: 1, HGET: 1, HGETALL: 0, HKEYS: 0, HLEN: 0, HMGET: 1, HSCAN: 1, HSET: 2, HSTRLEN: 1, HVALS: 0 },
  ...{ XACK: 2, XADD: 3, XCLAIM: 4, XDEL: 1, XLEN: 0, XPENDING: 1, XRANGE: 2, XREVRANGE: 2, XSETID: 1, XTRIM: 2 },
  ...{
    "XGROUP CREATE": 2,
    "XGROUP CREATECONSUMER": 2,
    "XGROUP DELCONSUMER": 2,
    "XGROUP DESTROY": 1,
    "XGROUP SETID": 2,
  },
  ...{ "XINFO CONSUMERS": 1, "XINFO GROUPS": 0, "XINFO STREAM": 0 },
  ...{ ZADD: 2, ZCARD: 0, ZLEXCOUNT: 2, ZRANGE: 2, ZRANGEBYLEX: 2, ZRANGEBYSCORE: 2, ZREM: 1, ZREMRANGEBYSCORE: 2 },
  ...{ ZREVRANGEBYLEX: 2, ZREVRANGEBYSCORE: 2, ZSCAN: 1, ZSCORE: 1 },
};
/** The type that a key needs, by the first letter of the command. */
const TYPES: Readonly<Record<string, string>> = { X: "stream", Z: "zset", H: "hash", G: "string" };

/**
 * Redis undoes nothing of a script that fails half-way. So before its first step a script checks that no later one can
 * be refused: the user has the right to every command on its key or channel, and every key has the right type. Memory
 * needs no check: Redis refuses a script for want of it at its first write, or not at all. A step on a key or channel
 * that the caller left out is not checked, nor one by `redis.pcall`, which the script can do without.
 */
function guard(body: string): string {
  const steps = [...body.matchAll(STEP)];
  // A single step is refused or done.
  if (new Set(steps.map(([step]) => step)).size < 2) return "";
  const checks = new Set<string>();
  const typed = new Set<string>();
  for (const [, command = "", subcommand, subject = ""] of steps) {
    const words = subcommand === undefined ? `'${command}'` : `'${command}', '${subcommand}'`;
    const name = subcommand === undefined ? command : `${command} ${subcommand}`;
    const count = ARGUMENTS[name];
    if (count === undefined) throw new Error(`ARGUMENTS does not say how many arguments ${name} needs`);
    checks.add(`may(${subject}, ${count}, ${words})`);
    const type = TYPES[command.charAt(0)];
    if (type !== undefined && subject.startsWith("KEYS")) typed.add(`is(${subject}, '${type}')`);
  }
  return `do
  local refusal
  local function refuse(code, subject, why)
    refusal = refusal or { err = code .. ' ' .. why .. ' ' .. string.gsub(subject, '%c', '?') }
  end
  local function may(subject, count, ...)
    if not subject or subject == '' then return end
    local words = { ... }
    words[#words + 1] = subject
    for _ = 1, count do words[#words + 1] = '0' end
    if not redis.acl_check_cmd(unpack(words)) then refuse('NOPERM', subject, 'no right to ' .. words[1]) end
  end
  local function is(key, type)
    if refusal or not key or not redis.acl_check_cmd('TYPE', key) then return end
    local found = redis.call('TYPE', key).ok
    if found ~= 'none' and found ~= type then refuse('WRONGTYPE', key, 'no ' .. type .. ':') end
  end
  ${[...checks, ...typed].join("\n  ")}
  if refusal then return refusal end
end
`;
}

interface ScriptOptions {
  readonly needsMemory?: boolean;
  readonly reads?: boolean;
  readonly takes?: boolean;
}

/**
 * The tag of a script's text. The script runs even when Redis has no memory left, unless it `needsMemory`: settling and
 * taking over must go on, or the consumers of a full Redis would look dead and nothing would free its memory. One that
 * only `reads` also runs where Redis refuses writes. One that `takes` entries is refused to an older {@link Reader}. A script is
 * done as a whole or not at all, see {@link guard}.
 */
export function script(
  name: string,
  { needsMemory = false, reads = false, takes = false }: ScriptOptions = {},
): <Reply>(texts: TemplateStringsArray, ...fragments: readonly string[]) => Script<Reply> {
  const command = `merp_${name}`;
  return <Reply>(texts: TemplateStringsArray, ...fragments: readonly string[]) => {
    const flags = reads ? "allow-oom,no-writes" : "allow-oom";
    const body = String.raw(texts, ...fragments);
    const head = needsMemory ? "" : `#!lua flags=${flags}\n`;
    const lua = head + guard(body) + body;
    const call = (client: Redis, name: string, text: () => string, given: readonly (string | number)[]) => {
      const commands = client as unknown as Record<string, Command<Reply>>;
      // The client sends its digest, and the whole text where Redis does not know it yet.
      if (commands[name] === undefined) client.defineCommand(name, { lua: text() });
      return (commands[name] as Command<Reply>).apply(client, given as [number, ...(string | number)[]]);
    };
    const run: Script<Reply>["run"] = (client, keys, args) => {
      const { fence } = client as FencedClient;
      if (fence === undefined) return call(client, command, () => lua, [keys.length, ...keys, ...args]);
      const given = [keys.length + 1, ...keys, fence.lease, ...args, fence.epoch];
      if (takes) given.push(fence.reader.number, fence.reader.field);
      const prelude = takes ? READER_FENCED : FENCED;
      return call(fence.client, `${command}_owned`, () => head + prelude + guard(body) + body, given);
    };
    return { lua, run };
  };
}

const READS = "#!lua flags=allow-oom,no-writes\n";

/** The moment comes last, and is gone before the script begins. Who may not ask for the time gives none. */
const TIMELY = `
do
  local till = tonumber(table.remove(ARGV))
  local time = till > 0 and redis.call('TIME')
  if time and time[1] * 1000 + time[2] / 1000 > till then return redis.error_reply('LATER it is past the moment') end
end
`;
const timelies = new WeakMap<object, { readonly lua: string; readonly digest: string }>();

/**
 * A script that only reads, which does nothing but reply `LATER` after the moment by Redis' clock that its last argument names; 0
 * for none.
 */
export function timely(script: Script<unknown>): { readonly lua: string; readonly digest: string } {
  const known = timelies.get(script);
  if (known !== undefined) return known;
  const lua = READS + TIMELY + script.lua.slice(READS.length);
  const made = { lua, digest: digestOf(lua) };
  timelies.set(script, made);
  return made;
}

function digestOf(lua: string): string {
  return createHash("sha1").update(lua).digest("hex");
}

/**
 * The tag of a script that a user runs who may only read its keys: `EVAL` demands the right to write them, `EVAL_RO` does
 * not. Its texts are bytes.
 */
export function readOnlyScript<Reply>(texts: TemplateStringsArray, ...fragments: readonly string[]): Script<Reply> {
  const body = String.raw(texts, ...fragments);
  const lua = `${READS}${guard(body)}${body}`;
  const digest = digestOf(lua);
  const run: Script<Reply>["run"] = async (client, keys, args) => {
    const given = [keys.length, ...keys, ...args];
    try {
      return (await client.callBuffer("EVALSHA_RO", digest, ...given)) as Reply;
    } catch (error) {
      if (!isReply(error, "NOSCRIPT")) throw error;
      return (await client.callBuffer("EVAL_RO", lua, ...given)) as Reply;
    }
  };
  return { lua, digest, run };
}
