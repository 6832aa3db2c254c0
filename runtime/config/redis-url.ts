/** What a URL says of the connection. What it does not say is `undefined`. */
export interface RedisAddress {
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** The path of a Unix socket. */
  readonly socket: string | undefined;
  readonly db: number | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

/** Of each scheme, whether it means TLS, or a Unix socket. */
const SCHEMES: Readonly<Record<string, "plain" | "tls" | "socket">> = {
  "redis:": "plain",
  "valkey:": "plain",
  "rediss:": "tls",
  "valkeys:": "tls",
  "unix:": "socket",
  "redis+unix:": "socket",
  "valkey+unix:": "socket",
};

/** Never repeats the URL, which may hold a password. */
export const URL_DEMAND =
  "must read redis://user:password@host:6379/0 (rediss:// for TLS) or unix:///path/to/redis.sock?db=0; percent-encode @ : / ? # and % in the user and the password (encodeURIComponent)";

/** Reads a URL of Redis or Valkey. `undefined` if any part of it is not understood: nothing is ignored. */
export function readRedisUrl(text: string): RedisAddress | undefined {
  // A URL with a user needs a host, which a socket has not.
  const [, scheme = "", rest = ""] = /^([a-z+]+:)(.*)$/is.exec(text) ?? [];
  const kind = SCHEMES[scheme.toLowerCase()];
  const complete = kind === "socket" ? scheme + rest.replace(/^\/\/([^/?#]*@)?(?=\/)/, "//$1socket") : text;
  if (kind === undefined || !URL.canParse(complete)) return undefined;
  const url = new URL(complete);
  const path = decoded(url.pathname);
  const username = decoded(url.username);
  const password = decoded(url.password);
  const query = dbInQuery(url.searchParams);
  // What follows a # is no part of any address, but may be the end of a password.
  if (path === undefined || username === undefined || password === undefined || query === undefined) return undefined;
  if (url.hash !== "" || url.port === "0") return undefined;
  const user = { username: username || undefined, password: password || undefined };
  const tls = kind === "tls";
  if (kind === "socket") {
    if (url.host !== "socket" || path === "/") return undefined;
    return { host: undefined, port: undefined, socket: path, db: query.db, ...user, tls };
  }
  const inPath = dbOf(path.replace(/^\//, ""));
  const isTwice = inPath?.db !== undefined && query.db !== undefined && inPath.db !== query.db;
  if (inPath === undefined || isTwice || url.hostname === "") return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { host, port: Number(url.port || 6379), socket: undefined, db: inPath.db ?? query.db, ...user, tls };
}

/** `undefined` for a query that holds anything but one `db`. */
function dbInQuery(query: URLSearchParams): { readonly db: number | undefined } | undefined {
  const names = [...query.keys()];
  return names.length === 0 || (names.length === 1 && names[0] === "db") ? dbOf(query.get("db") ?? "") : undefined;
}

function dbOf(text: string): { readonly db: number | undefined } | undefined {
  if (!/^\d*$/.test(text)) return undefined;
  return { db: text === "" ? undefined : Number(text) };
}

/** `undefined` for text with a stray `%`, as an unencoded password may contain. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
