import type { Redis } from "ioredis";
import { ConnectionError } from "../errors.js";

/**
 * Asks for a command of Redis 7.0, which brought what delivery needs: `lag`, and deleted entries leave pending lists.
 * Valkey has version numbers of its own. @throws {ConnectionError} `REDIS_UNSUPPORTED`
 */
export async function assertSupported(client: Redis, where: string): Promise<void> {
  const known = (await client.call("COMMAND", "INFO", "evalsha_ro").catch(() => undefined)) as unknown[] | undefined;
  // A user without the right to ask is trusted.
  if (known === undefined || known[0] !== null) return;
  const info = await client.info("server").catch(() => "");
  // Valkey also states a Redis version.
  const version = (/valkey_version:(\S+)/.exec(info) ?? /redis_version:(\S+)/.exec(info))?.[1] ?? "of unknown version";
  throw new ConnectionError("REDIS_UNSUPPORTED", `Redis at ${where} is ${version}: 7.0 or newer (or Valkey) is needed`);
}

/** The policy by which Redis may evict streams when its memory is full; `undefined` when it evicts nothing. */
export async function evictionPolicy(client: Redis): Promise<string | undefined> {
  const info = await client.info("memory").catch(() => "");
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  const limited = Number(/maxmemory:(\d+)/.exec(info)?.[1] ?? 0) > 0;
  return limited && policy !== undefined && policy !== "noeviction" ? policy : undefined;
}
