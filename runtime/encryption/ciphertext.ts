import type { Key } from "./key.js";

const FORM_LENGTH = "e1.".length;

/** A ciphertext by its parts. */
export interface Ciphertext {
  /**
   * What its key is found by: `key` by its id, `wrapped` by the key itself as a key management service encrypted it, `person`
   * by the person whom the value is about.
   */
  readonly by: "key" | "wrapped" | "person";
  readonly keyId: string;
  readonly wrapped: string | undefined;
  /** Nonce, ciphertext and tag. */
  readonly sealed: string;
}

/** Reads a text that has the form of a ciphertext. */
export function readCiphertext(text: string): Ciphertext {
  const last = text.lastIndexOf(".");
  const idEnd = text.indexOf(".", FORM_LENGTH);
  const form = text.slice(0, FORM_LENGTH);
  const keyId = text.slice(FORM_LENGTH, idEnd);
  const sealed = text.slice(last + 1);
  if (form === "w1.") return { by: "wrapped", keyId, wrapped: text.slice(idEnd + 1, last), sealed };
  return { by: form === "s1." ? "person" : "key", keyId, wrapped: undefined, sealed };
}

/** The beginning of a ciphertext under a key. */
export function headOf({ id, wrapped }: Key): string {
  return wrapped === undefined ? `e1.${id}.` : `w1.${id}.${wrapped}.`;
}

/** The beginning of a ciphertext under the key of a person. */
export function headOfPerson(keyId: string): string {
  return `s1.${keyId}.`;
}
