import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { Scratch } from "./scratch.js";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX_BYTES = 8;
const MOST_COUNTED = 2 ** 32;
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/**
 * Nonces that never repeat: eight random bytes of this process, and a counter. Random nonces alone would limit a key to
 * some four thousand million values; so each process has as many.
 */
class Nonces {
  readonly #next = Buffer.alloc(NONCE_BYTES);
  #count = MOST_COUNTED;

  next(): Buffer {
    if (this.#count >= MOST_COUNTED) {
      randomBytes(PREFIX_BYTES).copy(this.#next);
      this.#count = 0;
    }
    this.#next.writeUInt32BE(this.#count++, PREFIX_BYTES);
    return this.#next;
  }
}

const nonces = new Nonces();
const belonging = new Scratch();
const ciphertext = new Scratch();

/**
 * Encrypts a text by AES-256-GCM.
 *
 * @param bound - what the ciphertext belongs to: it can be read only with the same
 * @returns nonce, ciphertext and tag, in base64url
 */
export function encryptText(text: string, secret: KeyObject, bound: string): string {
  const nonce = nonces.next();
  const cipher = createCipheriv(ALGORITHM, secret, nonce, OPTIONS);
  cipher.setAAD(belonging.from(bound, "utf8"));
  const body = cipher.update(text, "utf8");
  cipher.final();
  const bytes = ciphertext.of(NONCE_BYTES + body.length + TAG_BYTES);
  bytes.set(nonce);
  bytes.set(body, NONCE_BYTES);
  bytes.set(cipher.getAuthTag(), NONCE_BYTES + body.length);
  return bytes.toString("base64url");
}

/** Reads what {@link encryptText} made; `undefined` if a byte of it, its key or what it belongs to is another. */
export function decryptText(sealed: string, secret: KeyObject, bound: string): string | undefined {
  const bytes = ciphertext.from(sealed, "base64url");
  // A last character may have bits that stand for nothing.
  if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString("base64url") !== sealed) return undefined;
  const decipher = createDecipheriv(ALGORITHM, secret, bytes.subarray(0, NONCE_BYTES), OPTIONS);
  decipher.setAAD(belonging.from(bound, "utf8"));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return text.toString("utf8");
}
