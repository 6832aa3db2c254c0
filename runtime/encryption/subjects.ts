import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { Erased } from "../contract/erased.js";
import { EncryptionError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import { decryptText, encryptText } from "./cipher.js";
import { headOf, readCiphertext } from "./ciphertext.js";
import { Fetched } from "./fetched.js";
import { KEY_BYTES, type Key, type KeyProvider } from "./key.js";
import type { SubjectKey, SubjectKeys, SubjectStore } from "./subject-store.js";

/** A person's key, ready for use. */
export interface PersonKey {
  readonly id: string;
  readonly secret: KeyObject;
}

/** Finds the keys of people. A promise is returned only where a key has to be fetched. */
export interface PersonKeys {
  /** The key under which a person's values are encrypted now. */
  current(subject: string): PersonKey | Promise<PersonKey>;
  /** The key of a ciphertext; `Erased` if it was destroyed. @throws {EncryptionError} `KEY_UNKNOWN` if there is none */
  find(subject: string, id: string): PersonKey | Erased | Promise<PersonKey | Erased>;
}

const ID_BYTES = 16;
const MOST_KEPT = 10_000;
/** A person who is forgotten can be read for so long by services that just did. */
export const KEPT_MS = 60_000;
const TIMEOUT_MS = 10_000;

/** The keys of people: made when they are first needed, kept in a store under a key of the service. */
export class Subjects implements PersonKeys {
  readonly #keys: KeyProvider;
  readonly #store: SubjectStore;
  /** By the person. */
  readonly #current: Fetched<PersonKey>;
  /** By the person and the key's id. */
  readonly #found: Fetched<PersonKey | Erased>;

  constructor(keys: KeyProvider, store: SubjectStore, clock: Clock) {
    const bounds = { most: MOST_KEPT, keepMs: KEPT_MS, timeoutMs: TIMEOUT_MS };
    this.#keys = keys;
    this.#store = store;
    this.#current = new Fetched(bounds, clock);
    this.#found = new Fetched(bounds, clock);
  }

  current(subject: string): PersonKey | Promise<PersonKey> {
    return this.#current.get(subject, "the key of a person", async () => {
      const { key } = await this.#kept(subject);
      const isUsable = key !== undefined && key.unconfirmed !== true;
      const kept = isUsable ? key : (await this.#store.add(subject, await this.#made(subject))).key;
      if (kept === undefined || kept.unconfirmed === true) throw new Error("it was changed meanwhile");
      return this.#unwrapped(subject, kept);
    });
  }

  find(subject: string, id: string): PersonKey | Erased | Promise<PersonKey | Erased> {
    const known = this.#current.peek(subject);
    if (known?.id === id) return known;
    return this.#found.get(`${id} ${subject}`, "the key of a person", async () => {
      const { key, erased = [] } = await this.#kept(subject);
      const destroyed = erased.find((each) => each.id === id);
      if (destroyed !== undefined) return new Erased(destroyed.at);
      if (key?.id === id) return this.#unwrapped(subject, key);
      const text =
        "the store of people's keys has no such key: it is another store, or lost it, or the person is another";
      throw new EncryptionError("KEY_UNKNOWN", text, { reading: true });
    });
  }

  /** The same key, wrapped under the current key of the service. */
  async rewrapped(subject: string, key: SubjectKey): Promise<SubjectKey> {
    const { secret } = await this.#unwrapped(subject, key);
    return { ...key, ...this.#wrapped(subject, key.id, secret.export(), await this.#keys.current()) };
  }

  async #kept(subject: string): Promise<SubjectKeys> {
    const kept = (await this.#store.get(subject)) as SubjectKeys | undefined;
    if (kept === undefined)
      throw new Error("get() of the store has to give { key, erased }, also of somebody it does not know");
    return kept;
  }

  async #made(subject: string): Promise<SubjectKey> {
    const id = randomBytes(ID_BYTES).toString("base64url");
    return this.#wrapped(subject, id, randomBytes(KEY_BYTES), await this.#keys.current());
  }

  #wrapped(subject: string, id: string, secret: Buffer, master: Key): SubjectKey {
    const text = encryptText(secret.toString("base64"), master.secret, boundTo(subject, id));
    return { id, wrapped: headOf(master) + text };
  }

  async #unwrapped(subject: string, { id, wrapped }: SubjectKey): Promise<PersonKey> {
    const { keyId, wrapped: master, sealed } = readCiphertext(wrapped);
    const key = await this.#keys.find(keyId, master);
    if (key === undefined) {
      const text = `a person's key is encrypted under the key ${keyId}, which this service does not have`;
      throw new EncryptionError("KEY_UNKNOWN", text, { reading: true });
    }
    const secret = decryptText(sealed, key.secret, boundTo(subject, id));
    if (secret !== undefined) return { id, secret: createSecretKey(secret, "base64") };
    throw new EncryptionError("CIPHERTEXT_INVALID", "a person's key was changed in its store", { reading: true });
  }
}

function boundTo(subject: string, id: string): string {
  return JSON.stringify(["subject", subject, id]);
}
