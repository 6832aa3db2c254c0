import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";
import { appPassword, usersFile } from "./acl-users.js";
import { issueCertificates } from "./certificates.js";

/** A Redis with a TLS port under a certificate of an authority of its own, and a user who may do what a service needs, and no more. */
export interface TlsRedis extends AsyncDisposable {
  /** Its plain port, where the default user may do everything. */
  readonly server: RedisServer;
  readonly host: string;
  /** The TLS port. */
  readonly port: number;
  /** `rediss://app:<password>@127.0.0.1:<port>` */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** The authority's certificate as PEM text, for `tls: { ca }`. */
  readonly ca: string;
  /** The same as a file. */
  readonly caFile: string;
  stop(): Promise<void>;
}

export interface StartTlsRedisOptions {
  /** The rules of the user `app`. @defaultValue what a service needs on keys that begin with `app:` */
  readonly rules?: string;
}

/**
 * Whether certificates can be made here, for `describe.skipIf(!opensslAvailable)`.
 * Where `CI` is set a missing openssl fails the tests: what is skipped there is never run by anybody.
 */
export const opensslAvailable: boolean = spawnSync("openssl", ["version"]).status === 0 || failInCi();

const [username, password] = ["app", appPassword];

export async function startTlsRedis(options: StartTlsRedisOptions = {}): Promise<TlsRedis> {
  const { ca, issued } = issueCertificates(["IP:127.0.0.1,DNS:localhost"]);
  const [{ certificate, key } = { certificate: "", key: "" }] = issued;
  const rules = options.rules ?? "~app:* &* +@all -@admin -@dangerous +info";
  const server = await startRedis({
    files: { "ca.pem": ca, "cert.pem": certificate, "key.pem": key, "users.acl": usersFile(rules) },
    arguments: (port) => [
      ...["--tls-port", String(port + 10_000), "--tls-auth-clients", "no", "--aclfile", "users.acl"],
      ...["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem", "--tls-ca-cert-file", "ca.pem"],
    ],
  });
  const port = server.port + 10_000;
  return {
    server,
    host: server.host,
    port,
    url: `rediss://${username}:${encodeURIComponent(password)}@${server.host}:${port}`,
    username,
    password,
    ca,
    caFile: join(server.folder, "ca.pem"),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function failInCi(): false {
  if (process.env["CI"]) {
    throw new Error("openssl is not on the PATH: install it, so that the TLS tests run in CI.");
  }
  return false;
}
