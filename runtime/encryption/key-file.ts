import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { EncryptionError } from "../errors.js";
import { bytesOfText, KEY_BYTES, type Key, keyOf } from "./key.js";

/** A key as its file holds it. */
export interface FiledKey {
  readonly id: string;
  /** The key's 32 bytes, in base64. */
  readonly secret: string;
  /** The time from which on values are encrypted with it: RFC 3339. Of several keys the latest is used. */
  readonly from: string;
}

/** The content of a file of keys. */
export interface KeyFile {
  /** The environment in which they may be used. */
  readonly environment?: string;
  readonly keys: readonly FiledKey[];
}

/** A key, and the time from which on it encrypts. */
export interface DatedKey {
  readonly key: Key;
  readonly fromMs: number;
}

/** @throws {EncryptionError} `KEY_MISSING` without a file, `KEY_INVALID` for one that holds no keys */
export function readKeyFile(path: string): KeyFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "it cannot be read";
    throw new EncryptionError(
      "KEY_MISSING",
      `the file of keys ${path} cannot be read (${why}): make it with merp keys new`,
    );
  }
  let file: Partial<KeyFile> | null;
  try {
    file = JSON.parse(text) as Partial<KeyFile> | null;
  } catch {
    // What the parser throws quotes the text, which holds keys.
    throw new EncryptionError("KEY_INVALID", `the file of keys ${path} is not valid JSON`);
  }
  const { keys, environment } = file ?? {};
  const isEnvironment = environment === undefined || typeof environment === "string";
  if (Array.isArray(keys) && keys.length > 0 && isEnvironment) return file as KeyFile;
  const form = '{ "environment": "…", "keys": [{ "id": "…", "secret": "…", "from": "…" }] }';
  throw new EncryptionError("KEY_INVALID", `the file of keys ${path} must hold ${form}, with a key at least`);
}

/** The keys of a file, by their ids. @throws {EncryptionError} `KEY_INVALID` for what is no key of AES-256 */
export function keysIn({ keys }: KeyFile, path: string): ReadonlyMap<string, DatedKey> {
  const found = new Map<string, DatedKey>();
  for (const [at, { id, secret, from }] of keys.entries()) {
    const where = `${path}, key ${at + 1}`;
    const bytes = typeof secret === "string" ? bytesOfText(secret) : undefined;
    const fromMs = typeof from === "string" ? Date.parse(from) : Number.NaN;
    if (bytes === undefined) throw new EncryptionError("KEY_INVALID", `${where} has a secret that is no base64`);
    if (Number.isNaN(fromMs)) throw new EncryptionError("KEY_INVALID", `${where} has no time in "from"`);
    if (found.has(id)) throw new EncryptionError("KEY_INVALID", `${path} has two keys with the id ${id}`);
    found.set(id, { key: keyOf(id, bytes, where), fromMs });
  }
  return found;
}

/** The key that encrypts at a time: the latest that has begun, or where none has, the one that begins first. */
export function currentOf(keys: Iterable<DatedKey>, nowMs: number): DatedKey {
  const [first, ...others] = keys;
  return others.reduce((best, one) => {
    const [begun, hasBest] = [one.fromMs <= nowMs, best.fromMs <= nowMs];
    if (begun !== hasBest) return begun ? one : best;
    return begun === one.fromMs >= best.fromMs ? one : best;
  }, first as DatedKey);
}

/** A new key. */
export function filedKey(id: string, fromMs: number): FiledKey {
  return { id, secret: randomBytes(KEY_BYTES).toString("base64"), from: new Date(fromMs).toISOString() };
}
