import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, as PEM text. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** An authority of its own, and a certificate that it signed for each name. */
export interface Certificates {
  /** For `tls: { ca }`. */
  readonly ca: string;
  readonly issued: readonly Certificate[];
}

/** @param names - of each certificate, as openssl writes them: `IP:127.0.0.1` or `DNS:localhost` */
export function issueCertificates(names: readonly string[]): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "m-erp-certificates-"));
  const at = (name: string): string => join(folder, name);
  const read = (name: string): string => readFileSync(at(name), "utf8");
  // Elliptic curves, since an RSA key takes a second to find.
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-days",
      "2",
      "-subj",
      "/CN=Test authority",
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca.pem"),
    );
    const issued = names.map((name, index) => {
      const file = (suffix: string): string => at(`${index}.${suffix}`);
      writeFileSync(file("ext"), `subjectAltName=${name}\n`);
      openssl("req", ...newKey, "-subj", "/CN=localhost", "-keyout", file("key"), "-out", file("csr"));
      openssl(
        ...["x509", "-req", "-in", file("csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"],
        ...["-days", "2", "-extfile", file("ext"), "-out", file("pem")],
      );
      return { certificate: read(`${index}.pem`), key: read(`${index}.key`) };
    });
    return { ca: read("ca.pem"), issued };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function openssl(...args: readonly string[]): void {
  const made = spawnSync("openssl", args);
  if (made.status !== 0) {
    throw new Error(`openssl made no certificate: ${made.error?.message ?? made.stderr.toString()}`);
  }
}
