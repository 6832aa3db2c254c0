import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type RedisServer, startRedis } from "../../runtime/testing/redis/index.js";

/** A Redis with a TLS port under a self-signed certificate, and a user who may do what a service needs, and no more. */
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
  /** The certificate as PEM text, for `tls: { ca }`. */
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

const username = "app";
const password = "a secret: /?@%"; // With all that must be encoded in a URL.

export async function startTlsRedis(options: StartTlsRedisOptions = {}): Promise<TlsRedis> {
  const { certificate, key } = makeCertificate();
  const rules = options.rules ?? "~app:* &* +@all -@admin -@dangerous +info";
  const server = await startRedis({
    files: { "cert.pem": certificate, "key.pem": key, "users.acl": aclFile(rules) },
    arguments: (port) => [
      ...["--tls-port", String(port + 10_000), "--tls-auth-clients", "no", "--aclfile", "users.acl"],
      ...["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem", "--tls-ca-cert-file", "cert.pem"],
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
    ca: certificate,
    caFile: join(server.folder, "cert.pem"),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** For the host 127.0.0.1 and the name localhost; elliptic curves, since an RSA key takes a second to find. */
function makeCertificate(): { readonly certificate: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), "m-erp-certificate-"));
  try {
    const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const made = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
      ...["-keyout", keyFile, "-out", certFile],
    ]);
    if (made.status !== 0) {
      throw new Error(`openssl made no certificate: ${made.error?.message ?? made.stderr.toString()}`);
    }
    return { certificate: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function aclFile(rules: string): string {
  const hash = createHash("sha256").update(password).digest("hex");
  return `user default on nopass ~* &* +@all\nuser ${username} on #${hash} ${rules}\n`;
}

function failInCi(): false {
  if (process.env["CI"]) {
    throw new Error("openssl is not on the PATH: install it, so that the TLS tests run in CI.");
  }
  return false;
}
