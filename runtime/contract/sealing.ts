import type { PlainMessage } from "./codec.js";
import { CIPHERTEXT } from "./encrypt.js";
import type { Part } from "./encrypted-parts.js";
import { patternOf } from "./pattern.js";

/** What encrypted values belong to. They can be read nowhere else. */
export interface Sealed {
  /** The message's type. Of the result of a command it is `validate_token result`. */
  readonly type: string;
  /** The message's id. Of a result it is the command's. */
  readonly id: string;
  /** The message or the result, in which subjects are looked up. */
  readonly whole: Readonly<PlainMessage>;
  /** The path to a part, for an error. */
  readonly placeOf: (part: Pick<Part, "path">) => string;
}

/** Encrypts and reads the parts of messages. The runtime knows no more of encryption than this. */
export interface Sealing {
  /** Whether this service has keys. Without, it neither publishes nor handles messages with encrypted parts. */
  readonly hasKeys: boolean;
  /** Whether it finds the keys of people, which a `subject` needs. */
  readonly hasPeople: boolean;
  /** Puts ciphertexts in the place of values. A promise is returned only where a key has to be fetched. */
  seal(parts: readonly Part[], of: Sealed): Promise<void> | undefined;
  /** Puts values in the place of ciphertexts, and `Erased` in that of those whose key was destroyed. */
  open(parts: readonly Part[], of: Sealed): Promise<void> | undefined;
}

const pattern = patternOf(CIPHERTEXT);

/** Whether a value has the form of a ciphertext. */
export function isCiphertext(value: unknown): value is string {
  return typeof value === "string" && pattern.test(value);
}
