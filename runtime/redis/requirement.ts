import type { Redis } from "ioredis";
import { ConnectionError } from "../errors.js";

/**
 * Makes sure that this Redis is recent enough. What is needed came with 7.0 (deleted entries leave pending lists,
 * `lag`); a command of that age is asked for, not a version number, because Valkey counts differently.
 *
 * @throws {ConnectionError} `REDIS_UNSUPPORTED`, naming the version that was found
 */
export async function assertSupported(client: Redis, where: string): Promise<void> {
  const known = (await client.call("COMMAND", "INFO", "evalsha_ro").catch(() => undefined)) as unknown[] | undefined;
  // A user without the right to ask is taken at its word.
  if (known === undefined || known[0] !== null) return;
  const info = await client.info("server").catch(() => "");
  // Valkey tells a Redis version too, before its own.
  const version = (/valkey_version:(\S+)/.exec(info) ?? /redis_version:(\S+)/.exec(info))?.[1] ?? "of unknown version";
  throw new ConnectionError("REDIS_UNSUPPORTED", `Redis at ${where} is ${version}: 7.0 or newer (or Valkey) is needed`);
}

/** The policy by which this Redis may evict streams and groups when its memory is full; `undefined` when it may not. */
export async function evictionPolicy(client: Redis): Promise<string | undefined> {
  const info = await client.info("memory").catch(() => "");
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  const limited = Number(/maxmemory:(\d+)/.exec(info)?.[1] ?? 0) > 0;
  return limited && policy !== undefined && policy !== "noeviction" ? policy : undefined;
}
