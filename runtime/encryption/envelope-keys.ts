import { EncryptionError } from "../errors.js";
import { type Clock, systemClock } from "../time/clock.js";
import { Fetched, type FetchedOptions } from "./fetched.js";
import { type Key, type KeyProvider, keyOf } from "./key.js";
import { Refusals } from "./refusals.js";

/** A key for data, as a key management service makes it. */
export interface DataKey {
  /** The id of the key in the key management service that encrypts this one: letters, digits, `-` and `_`. */
  readonly id: string;
  /** The key itself: 32 bytes. */
  readonly secret: Uint8Array;
  /** The key as the key management service encrypted it. It goes along with each ciphertext. */
  readonly wrapped: Uint8Array;
}

/** What a key management service does: AWS KMS by `GenerateDataKey` and `Decrypt`, others by names of their own. */
export interface KeyManagement {
  /** Makes a key for data. */
  generate(): Promise<DataKey>;
  /**
   * Decrypts one that it made. `undefined` if it certainly never will: it did not make this one, or that key of its own was destroyed.
   * The message is then a dead letter. So it is after an hour in which this one failed again and again, and others did not.
   */
  unwrap(wrapped: Uint8Array, id: string): Promise<Uint8Array | undefined>;
}

/** Settings of {@link envelopeKeys}. */
export interface EnvelopeKeysOptions {
  /** How long a key for data encrypts, and is kept after it was last decrypted, in seconds. @defaultValue 300 */
  readonly keepSeconds?: number;
  /** How many keys for data are kept in memory. @defaultValue 1000 */
  readonly most?: number;
  /** How long a call to the key management service may take, in seconds. @defaultValue 10 */
  readonly timeoutSeconds?: number;
}

const CURRENT = "";

/**
 * Keys for data that a key management service makes and decrypts. The service is called once for each of them and process,
 * not for each message. While it is away, messages that need it are retried until it is back: they use up no attempts.
 * @example
 * const keys = envelopeKeys({
 *   async generate() {
 *     const made = await kms.generateDataKey({ KeyId: "alias/messages", KeySpec: "AES_256" });
 *     return { id: "messages", secret: made.Plaintext, wrapped: made.CiphertextBlob };
 *   },
 *   async unwrap(wrapped) {
 *     try {
 *       return (await kms.decrypt({ CiphertextBlob: wrapped })).Plaintext;
 *     } catch (error) {
 *       if (error instanceof Error && error.name === "InvalidCiphertextException") return undefined;
 *       throw error;
 *     }
 *   },
 * });
 */
export function envelopeKeys(management: KeyManagement, options: EnvelopeKeysOptions = {}): KeyProvider {
  const { keepSeconds = 300, most = 1000, timeoutSeconds = 10 } = options;
  const bounds = { keepMs: keepSeconds * 1000, most, timeoutMs: timeoutSeconds * 1000 };
  return new EnvelopeKeys(management, bounds, systemClock);
}

/** The same with another clock. */
export class EnvelopeKeys implements KeyProvider {
  readonly #management: KeyManagement;
  readonly #made: Fetched<Key>;
  readonly #unwrapped: Fetched<Key | undefined>;
  readonly #refusals: Refusals;
  readonly #clock: Clock;

  constructor(management: KeyManagement, options: FetchedOptions, clock: Clock) {
    this.#management = management;
    this.#made = new Fetched(options, clock);
    this.#unwrapped = new Fetched(options, clock);
    this.#refusals = new Refusals(options.most);
    this.#clock = clock;
  }

  current(): Key | Promise<Key> {
    return this.#made.get(CURRENT, "a new key for data", async () => {
      // In JavaScript it may give anything; keyOf() says what is wrong.
      const { id, secret, wrapped } = ((await this.#management.generate()) ?? {}) as DataKey;
      const key = keyOf(id, secret, "generate()", textOf(wrapped));
      this.#unwrapped.keep(key.wrapped as string, key);
      this.#refusals.answered(key.wrapped as string, this.#clock.now());
      return key;
    });
  }

  find(id: string, wrapped: string | undefined): Key | undefined | Promise<Key | undefined> {
    if (wrapped === undefined) return undefined;
    return this.#unwrapped.get(wrapped, `the key for data of ${id}`, async () => {
      const secret = await this.#unwrap(wrapped, id);
      return secret === undefined ? undefined : keyOf(id, secret, "unwrap()", wrapped);
    });
  }

  async #unwrap(wrapped: string, id: string): Promise<Uint8Array | undefined> {
    try {
      const secret = await this.#management.unwrap(Buffer.from(wrapped, "base64url"), id);
      this.#refusals.answered(wrapped, this.#clock.now());
      return secret;
    } catch (error) {
      if (this.#refusals.isLost(wrapped, this.#clock.now())) return undefined;
      throw error;
    }
  }
}

function textOf(wrapped: unknown): string {
  if (wrapped instanceof Uint8Array && wrapped.length > 0) return Buffer.from(wrapped).toString("base64url");
  throw new EncryptionError("KEY_INVALID", "generate() must give the key as it was encrypted, in `wrapped`, as bytes");
}
