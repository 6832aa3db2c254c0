/** The Redis that the environment names. It is only used: never started, changed or stopped. */
export interface ExternalRedis extends AsyncDisposable {
  readonly external: true;
  readonly host: string;
  readonly port: number;
  /** With user, password, database and TLS (`rediss:`) as configured. */
  readonly url: string;
  /** Does nothing. */
  stop(): Promise<void>;
}

/**
 * The Redis of `REDIS_URL`, else that of `REDIS_HOST` with `REDIS_PORT`, `REDIS_DB`, `REDIS_USERNAME`, `REDIS_PASSWORD`
 * and `REDIS_TLS`; `undefined` if neither is set.
 *
 * @throws TypeError when `REDIS_URL` is not the URL of a Redis
 */
export function configuredRedis(environment: NodeJS.ProcessEnv): ExternalRedis | undefined {
  const url = environment["REDIS_URL"] ? readUrl(environment["REDIS_URL"]) : composeUrl(environment);
  if (!url) {
    return undefined;
  }
  return {
    external: true,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 6379),
    url: url.href,
    stop: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol) || !url.hostname) {
    // The value is not shown: it may hold a password.
    throw new TypeError(
      "REDIS_URL is not the URL of a Redis: set it to redis://user:password@host:6379/0 or the like.",
    );
  }
  return url;
}

function composeUrl(environment: NodeJS.ProcessEnv): URL | undefined {
  const host = environment["REDIS_HOST"];
  if (!host) {
    return undefined;
  }
  const tls = ["true", "1", "yes"].includes(environment["REDIS_TLS"]?.toLowerCase() ?? "");
  const url = new URL(`${tls ? "rediss" : "redis"}://${host.includes(":") ? `[${host}]` : host}`);
  url.port = environment["REDIS_PORT"] ?? "";
  url.username = encodeURIComponent(environment["REDIS_USERNAME"] ?? "");
  url.password = encodeURIComponent(environment["REDIS_PASSWORD"] ?? "");
  url.pathname = environment["REDIS_DB"] ? `/${environment["REDIS_DB"]}` : "";
  return url;
}
