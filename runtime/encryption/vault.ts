import type { Part } from "../contract/encrypted-parts.js";
import { Erased } from "../contract/erased.js";
import { inexactIn } from "../contract/exact-number.js";
import type { Sealed, Sealing } from "../contract/sealing.js";
import { subjectOf } from "../contract/subject.js";
import { ContractError, EncryptionError } from "../errors.js";
import { decryptText, encryptText } from "./cipher.js";
import { type Ciphertext, headOf, headOfPerson, readCiphertext } from "./ciphertext.js";
import type { Key, KeyProvider } from "./key.js";
import type { PersonKey, PersonKeys } from "./subjects.js";

type MaybeLater<Value> = Value | Promise<Value>;

/** Encrypts and reads the parts of messages with the keys of a provider. */
export class Vault implements Sealing {
  readonly hasKeys = true;
  readonly hasPeople: boolean;
  readonly #keys: KeyProvider;
  readonly #subjects: PersonKeys | undefined;

  constructor(keys: KeyProvider, subjects: PersonKeys | undefined) {
    this.#keys = keys;
    this.#subjects = subjects;
    this.hasPeople = subjects !== undefined;
  }

  seal(parts: readonly Part[], of: Sealed): Promise<void> | undefined {
    return each(parts, (part) => {
      if (part.subject === undefined) {
        return later(this.#keys.current(), (key: Key) => {
          part.value = headOf(key) + encryptText(JSON.stringify(part.value), key.secret, boundTo(part, of));
        });
      }
      const key = this.#subjectsFor(part, of, false).current(personIn(part, part.subject, of, false));
      return later(key, ({ id, secret }: PersonKey) => {
        part.value = headOfPerson(id) + encryptText(JSON.stringify(part.value), secret, boundTo(part, of));
      });
    });
  }

  open(parts: readonly Part[], of: Sealed): Promise<void> | undefined {
    return each(parts, (part) => {
      const ciphertext = readCiphertext(part.value as string);
      const { keyId, wrapped, by } = ciphertext;
      if (by === "person") {
        const subject = part.subject ?? fail(part, of, "is encrypted for a person, which its contract does not say");
        const key = this.#subjectsFor(part, of, true).find(personIn(part, subject, of, true), keyId);
        return later(key, (found: PersonKey | Erased) => {
          part.value = found instanceof Erased ? found : plainValueOf(part, ciphertext, found, of);
        });
      }
      return later(this.#keys.find(keyId, wrapped), (key: Key | undefined) => {
        if (key === undefined) throw unknownKey(part, of, keyId);
        part.value = plainValueOf(part, ciphertext, key, of);
      });
    });
  }

  #subjectsFor(part: Part, { type, placeOf }: Sealed, reading: boolean): PersonKeys {
    if (this.#subjects !== undefined) return this.#subjects;
    const text = `${type}: ${placeOf(part)} has a "subject": pass encryption({ people }) the store of people's keys`;
    throw new EncryptionError("KEY_MISSING", text, { reading });
  }
}

/** Does it for each part. All of them have ended when it fails. */
function each(parts: readonly Part[], act: (part: Part) => MaybeLater<void>): Promise<void> | undefined {
  const waiting: Promise<void>[] = [];
  for (const part of parts) {
    try {
      const acted = act(part);
      if (acted instanceof Promise) waiting.push(acted);
    } catch (error) {
      if (waiting.length === 0) throw error;
      // What waits may fail too: a rejection that nobody awaits would end the process.
      return Promise.allSettled(waiting).then(() => {
        throw error;
      });
    }
  }
  return waiting.length === 0 ? undefined : allOf(waiting);
}

async function allOf(waiting: readonly Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(waiting)) if (one.status === "rejected") throw one.reason;
}

function later<Value>(value: MaybeLater<Value>, use: (value: Value) => void): MaybeLater<void> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** What a ciphertext is bound to: the message's type, its id and the path to the value. */
function boundTo({ path }: Part, { type, id }: Sealed): string {
  return JSON.stringify([type, id, ...path]);
}

function plainValueOf(
  part: Part,
  { sealed, keyId, by }: Ciphertext,
  { secret }: Pick<Key, "secret">,
  of: Sealed,
): unknown {
  const text = decryptText(sealed, secret, boundTo(part, of));
  if (text === undefined) {
    const key = by === "person" ? "the person's key" : `the key ${keyId}`;
    const why = `cannot be read with ${key}: it was changed, belongs elsewhere, or that key is another one here`;
    return fail(part, of, why);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(part, of, "was encrypted from a text that is no JSON");
  }
  const inexact = inexactIn(text, value);
  if (inexact !== undefined)
    throw new ContractError(of.type, [{ path: of.placeOf(part), message: inexact.message }], true);
  return value;
}

function personIn(part: Part, subject: readonly string[], { type, whole, placeOf }: Sealed, reading: boolean): string {
  const person = subjectOf(subject, whole);
  if (person !== undefined) return person;
  const text = `${type}: ${placeOf(part)} needs a text or a whole number in ${subject.join(" or ")}, which names the person`;
  throw new EncryptionError("CIPHERTEXT_INVALID", text, { reading });
}

function unknownKey(part: Part, { type, placeOf }: Sealed, keyId: string): EncryptionError {
  const remedy = "give this service that key, then redrive the message";
  const text = `${type}: ${placeOf(part)} is encrypted with the key ${keyId}, which this service does not have: ${remedy}`;
  return new EncryptionError("KEY_UNKNOWN", text, { reading: true });
}

function fail(part: Part, { type, placeOf }: Sealed, why: string): never {
  throw new EncryptionError("CIPHERTEXT_INVALID", `${type}: ${placeOf(part)} ${why}`, { reading: true });
}
