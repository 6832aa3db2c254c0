/** The product that a server is. */
export type RedisFlavour = "redis" | "valkey";

/** A demand on the server: any of 7.0 or newer, or one flavour and major version. */
export type RedisVersion = "any" | "redis-7" | "redis-8" | "valkey-8";

/** The oldest Redis whose consumer groups delivery can use. Every Valkey is newer. */
export const oldestRedis = "7.0";

/** The flavour and version that a server prints for `--version`. */
export interface RedisIdentity {
  readonly flavour: RedisFlavour;
  /** For example `7.0.15`. */
  readonly version: string;
}

/** Reads `Redis server v=7.0.15 sha=…` and `Valkey server v=8.1.1 sha=…`; `undefined` for anything else. */
export function readIdentity(versionLine: string): RedisIdentity | undefined {
  const [, name, version] = /(Redis|Valkey) server v=(\d+\.\d+\.\d+)/.exec(versionLine) ?? [];
  if (name === undefined || version === undefined) {
    return undefined;
  }
  return { flavour: name === "Valkey" ? "valkey" : "redis", version };
}

/** True if a server meets the demand. */
export function satisfies(identity: RedisIdentity, wanted: RedisVersion): boolean {
  const major = Number.parseInt(identity.version, 10);
  return wanted === "any" ? major >= Number.parseInt(oldestRedis, 10) : wanted === `${identity.flavour}-${major}`;
}

/**
 * The version that tests run against: `TEST_REDIS_VERSION`. With it, one suite covers a matrix of servers.
 *
 * @defaultValue `"any"`
 */
export function wantedVersion(environment: NodeJS.ProcessEnv): RedisVersion {
  const wanted = environment["TEST_REDIS_VERSION"] || "any";
  switch (wanted) {
    case "any":
    case "redis-7":
    case "redis-8":
    case "valkey-8":
      return wanted;
    default:
      throw new RangeError(`TEST_REDIS_VERSION is "${wanted}": set it to any, redis-7, redis-8 or valkey-8.`);
  }
}
