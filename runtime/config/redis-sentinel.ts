import { type NatMap, type NodeAddress, readNatMap, readNodes } from "./redis-nodes.js";
import type { TlsOptions } from "./redis-tls.js";
import type { SettingReader } from "./setting-reader.js";

/** A master that Redis Sentinel watches. Its user, password and TLS are those of `redis`. */
export interface SentinelOptions {
  /** The sentinels, each `host:port`. Env `REDIS_SENTINELS`, separated by commas. Overrides url, host and port. */
  readonly sentinels?: readonly (string | NodeAddress)[];
  /** The name under which the sentinels watch the master. Env `REDIS_SENTINEL_MASTER`. @defaultValue "mymaster" */
  readonly master?: string;
  /** The sentinels' own ACL user. Env `REDIS_SENTINEL_USERNAME`. @defaultValue none */
  readonly username?: string;
  /** The sentinels' own password. Env `REDIS_SENTINEL_PASSWORD`. @defaultValue none */
  readonly password?: string;
  /** `true` for the TLS options of Redis, or others. Env `REDIS_SENTINEL_TLS`. @defaultValue whether Redis has TLS */
  readonly tls?: boolean | TlsOptions;
  /**
   * Where addresses that the sentinels name are reached, each `host:port`, if that is elsewhere. Env `REDIS_NAT_MAP`, as
   * `announced=reached,…`. @defaultValue none
   */
  readonly natMap?: Readonly<Record<string, string>>;
}

export interface SentinelConfig {
  readonly sentinels: readonly NodeAddress[];
  readonly master: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** `true` for the TLS options of Redis, if it has any. */
  readonly tls: boolean | TlsOptions;
  readonly natMap: NatMap;
}

const OPTIONS: { readonly [Name in keyof SentinelOptions]-?: true } = {
  sentinels: true,
  master: true,
  username: true,
  password: true,
  tls: true,
  natMap: true,
};

/** @returns `undefined` where neither code nor the environment names sentinels */
export function readSentinel(
  reader: SettingReader,
  given: SentinelOptions | undefined,
  isRedisSecure: boolean,
): SentinelConfig | undefined {
  reader.refuseUnknown(given ?? {}, Object.keys(OPTIONS), "redis.sentinel.");
  const sentinels = readNodes(reader, "REDIS_SENTINELS", given?.sentinels, given !== undefined);
  if (sentinels === undefined) return undefined;
  const { tls } = given ?? {};
  return {
    sentinels,
    master: reader.text("REDIS_SENTINEL_MASTER", given?.master) ?? "mymaster",
    username: reader.text("REDIS_SENTINEL_USERNAME", given?.username),
    password: reader.text("REDIS_SENTINEL_PASSWORD", given?.password),
    tls: typeof tls === "object" ? tls : (reader.flag("REDIS_SENTINEL_TLS", tls) ?? isRedisSecure),
    natMap: readNatMap(reader, given?.natMap),
  };
}
