import { createSecretKey, type KeyObject } from "node:crypto";
import { EncryptionError } from "../errors.js";

/** A key with which values are encrypted. */
export interface Key {
  /** Stands in each ciphertext: letters, digits, `-` and `_`, at most 64. */
  readonly id: string;
  readonly secret: KeyObject;
  /** The key itself, encrypted by a key management service. It stands in each ciphertext, too. */
  readonly wrapped?: string;
}

/** The size of a key of AES-256. */
export const KEY_BYTES = 32;
/** What an id consists of. */
export const ID: RegExp = /^[A-Za-z0-9_-]{1,64}$/;
/** What a wrapped key consists of, as a text. */
export const WRAPPED: RegExp = /^[A-Za-z0-9_-]{1,4096}$/;

/**
 * Makes a key of its bytes.
 *
 * @param where - names the setting that holds it, for an error
 * @throws {EncryptionError} `KEY_INVALID` if it is no key of AES-256, or its id cannot stand in a ciphertext
 */
export function keyOf(id: string, secret: Uint8Array, where: string, wrapped?: string): Key {
  if (typeof id !== "string" || !ID.test(id)) {
    const text = `${where}: the id of a key has letters, digits, - and _, at most 64 of them`;
    throw new EncryptionError("KEY_INVALID", text);
  }
  if (!(secret instanceof Uint8Array) || secret.length !== KEY_BYTES) {
    const bytes = secret instanceof Uint8Array ? `${secret.length} bytes` : "no bytes";
    const text = `${where}: the key ${id} must have ${KEY_BYTES} bytes, and has ${bytes}: make one with merp keys new`;
    throw new EncryptionError("KEY_INVALID", text);
  }
  if (wrapped !== undefined && !WRAPPED.test(wrapped)) {
    const text = `${where}: the wrapped form of the key ${id} must have 1 to 3072 bytes`;
    throw new EncryptionError("KEY_INVALID", text);
  }
  const key = { id, secret: createSecretKey(secret) };
  return wrapped === undefined ? key : { ...key, wrapped };
}

/** The bytes of a key that is written as text; `undefined` for a text that is no base64. */
export function bytesOfText(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/_-]+=*$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

/** Where keys are used. */
export interface KeyPlace {
  readonly environment: string;
}

/**
 * Gives the keys of one service. A promise means that a key has to be fetched; what it rejects with is retried.
 * @example
 * const keys: KeyProvider = environmentKeys();
 * const messaging = createMessaging({ service: "billing-service", extensions: [encryption({ keys })] });
 */
export interface KeyProvider {
  /** The key under which values are encrypted now. */
  current(): Key | Promise<Key>;
  /**
   * The key of a ciphertext; `undefined` for one that this service does not have.
   *
   * @param wrapped - the key itself as a key management service encrypted it, where the ciphertext has it
   */
  find(id: string, wrapped: string | undefined): Key | undefined | Promise<Key | undefined>;
  /** Called when a messaging is made. @throws {EncryptionError} `KEY_INVALID` for keys of another environment */
  check?(place: KeyPlace): void;
}

/** @throws {EncryptionError} if keys name another environment than that of the messaging */
export function assertEnvironment(where: string, ofKeys: string | undefined, { environment }: KeyPlace): void {
  if (ofKeys === undefined || ofKeys === environment) return;
  const text = `${where} holds keys of the environment ${ofKeys}, and this service runs in ${environment}`;
  throw new EncryptionError("KEY_INVALID", text);
}
