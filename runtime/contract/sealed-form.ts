import { ContractError, EncryptionError } from "../errors.js";
import type { PlainMessage } from "./codec.js";
import { ERASED_TEXT } from "./encrypt.js";
import { EncryptedParts, type Part, type Parted } from "./encrypted-parts.js";
import { type Erased, isErased, mayBeErased } from "./erased.js";
import { inexactIn } from "./exact-number.js";
import { shownPath } from "./issue-path.js";
import type { JsonSchema } from "./json-schema.js";
import { isCiphertext, type Sealed, type Sealing } from "./sealing.js";

/** Messages of one type, or results of one command, of which some parts are encrypted: as they are sealed and opened. */
export class SealedForm {
  readonly #type: string;
  readonly #schema: JsonSchema;
  readonly #parts: EncryptedParts;

  private constructor(type: string, schema: JsonSchema, parts: EncryptedParts) {
    this.#type = type;
    this.#schema = schema;
    this.#parts = parts;
  }

  /** `undefined` for a schema that encrypts nothing. */
  static of(type: string, schema: JsonSchema): SealedForm | undefined {
    const parts = EncryptedParts.of(schema);
    return parts === undefined ? undefined : new SealedForm(type, schema, parts);
  }

  /** The same for the results of a command. They are not kept, so that nothing of them need be erased. */
  static ofResult(type: string, result: JsonSchema): SealedForm | undefined {
    const parts = EncryptedParts.of(result, false);
    return parts === undefined ? undefined : new SealedForm(`${type} result`, result, parts);
  }

  /** The encrypted parts of a message, in a copy. */
  in(message: PlainMessage): Parted {
    return this.#parts.in(message);
  }

  /** The message with a text in place of what was erased, for its check; `undefined` if nothing was. */
  withErasedText(given: unknown): PlainMessage | undefined {
    if (!mayBeErased()) return undefined;
    const { message, parts } = this.in(given as PlainMessage);
    const erased = parts.filter(({ value }) => isErased(value));
    for (const part of erased) part.value = ERASED_TEXT;
    return erased.length === 0 ? undefined : message;
  }

  /** The first value of a message that was erased; `undefined` if none was. */
  erasedIn(message: PlainMessage): Erased | undefined {
    return mayBeErased()
      ? this.in(message)
          .parts.map(({ value }) => value)
          .find(isErased)
      : undefined;
  }

  /** Whether some part of a message is a plain value. */
  isPlain(message: PlainMessage): boolean {
    return this.in(message).parts.some(({ value }) => !isCiphertext(value));
  }

  /**
   * The message as it goes on the wire. A promise only where a key has to be fetched.
   *
   * @param id - that of the message, to which each ciphertext is bound
   * @throws {EncryptionError} without keys
   * @throws {ContractError} for a value that its reader would not get back
   */
  seal(plain: PlainMessage, id: unknown, sealing: Sealing | undefined): PlainMessage | Promise<PlainMessage> {
    const { message, parts } = this.#parts.in(plain);
    const written = parts.filter(({ encrypt }) => encrypt !== "read");
    if (written.length === 0) return message;
    for (const part of written) this.#assertWritable(part);
    const waiting = this.#keysOf(sealing, false).seal(written, this.#sealed(message, id, false));
    return waiting === undefined ? message : waiting.then(() => message);
  }

  /** The message as its handler has it. It is not checked. Throws as {@link seal}, and for what is no ciphertext of it. */
  open(wire: PlainMessage, id: unknown, sealing: Sealing | undefined): PlainMessage | Promise<PlainMessage> {
    return this.#opened(wire, id, sealing, (part) => this.#isCiphertext(part));
  }

  /** The same for what this service itself has kept. It may be older than the encryption of a value, which is then plain. */
  openKept(kept: PlainMessage, id: unknown, sealing: Sealing | undefined): PlainMessage | Promise<PlainMessage> {
    return this.#opened(kept, id, sealing, ({ value }) => isCiphertext(value));
  }

  #opened(
    wire: PlainMessage,
    id: unknown,
    sealing: Sealing | undefined,
    isSealed: (part: Part) => boolean,
  ): PlainMessage | Promise<PlainMessage> {
    const { message, parts } = this.#parts.in(wire);
    const read = parts.filter(isSealed);
    if (read.length === 0) return message;
    const waiting = this.#keysOf(sealing, true).open(read, this.#sealed(message, id, true));
    return waiting === undefined ? message : waiting.then(() => message);
  }

  #sealed(whole: PlainMessage, id: unknown, reading: boolean): Sealed {
    const type = this.#type;
    const placeOf = ({ path }: Pick<Part, "path">): string => shownPath(path, this.#schema);
    if (typeof id === "string" && id !== "") return { type, id, whole, placeOf };
    const text = `${type} has no id, to which its encrypted values are bound: declare one in its schema`;
    throw new EncryptionError("CIPHERTEXT_INVALID", text, { reading });
  }

  #keysOf(sealing: Sealing | undefined, reading: boolean): Sealing {
    if (sealing?.hasKeys === true) return sealing;
    const text = `${this.#type} has encrypted values, and this service has no keys: pass extensions: [encryption({ keys })]`;
    throw new EncryptionError("KEY_MISSING", text, { reading });
  }

  #assertWritable({ value, path }: Part): void {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch {
      // Told below.
    }
    const message = text === undefined ? "cannot be written as JSON" : inexactIn(text, value)?.message;
    if (message === undefined) return;
    throw new ContractError(this.#type, [{ path: shownPath(path, this.#schema), message }]);
  }

  #isCiphertext({ value, path, encrypt }: Part): boolean {
    if (isCiphertext(value)) return true;
    if (encrypt !== true) return false;
    const text = `${this.#type}: ${shownPath(path, this.#schema)} must be encrypted, and is a plain value`;
    throw new EncryptionError("CIPHERTEXT_INVALID", text, { reading: true });
  }
}
