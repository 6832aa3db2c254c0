import type { Append } from "../broker/append.js";
import type { Config } from "../config/config.js";
import type { FlatFields, PlainMessage } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { pathWithin } from "../contract/issue-path.js";
import type { Sealing } from "../contract/sealing.js";
import { ContractError, type Issue, MessageTooLargeError } from "../errors.js";
import type { PublishAllOptions, PublishOptions } from "../messaging/publisher.js";
import type { Clock } from "../time/clock.js";
import { channelOf, prepare } from "./prepare.js";
import { SealOrder } from "./seal-order.js";

/** A message that keeps its contract, with its encoded forms. What is encrypted is ciphertext in all of them. */
export interface Written {
  readonly message: PlainMessage;
  readonly entry: FlatFields;
  readonly announced: Append["announced"];
}

/** Prepares messages, checks them strictly, encrypts what is to be encrypted, and encodes them. */
export class MessageWriter {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #sealOrder: SealOrder;

  constructor(config: Config, clock: Clock, sealing: Sealing | undefined) {
    this.#config = config;
    this.#clock = clock;
    this.#sealOrder = new SealOrder(sealing);
  }

  prepare(descriptor: Descriptor, given: PlainMessage, options: PublishOptions): PlainMessage {
    return prepare(this.#config, descriptor, contractOf(descriptor), given, options, this.#clock);
  }

  /** Checks a prepared message and writes it. A promise only where a key has to be fetched. */
  write(descriptor: Descriptor, message: PlainMessage): Written | Promise<Written> {
    const contract = contractOf(descriptor);
    const { encoding, maxMessageBytes } = this.#config;
    if (contract.sealed === undefined) {
      return this.#announced(descriptor, message, contract.write(message, encoding, maxMessageBytes));
    }
    contract.assertKept(message, encoding);
    const encoded = (sealed: PlainMessage): Written =>
      this.#announced(descriptor, sealed, contract.encode(sealed, encoding, maxMessageBytes));
    const sealed = this.#sealOrder.seal(contract, message);
    return sealed instanceof Promise ? sealed.then(encoded) : encoded(sealed);
  }

  /** Throws as {@link write} does, but for want of a key. */
  check(descriptor: Descriptor, message: PlainMessage): void {
    const { encoding, maxMessageBytes } = this.#config;
    contractOf(descriptor).assertWritable(message, encoding, maxMessageBytes);
  }

  /**
   * Prepares messages and checks them.
   *
   * @throws {ContractError} with the issues of all messages, {MessageTooLargeError} at the first that is too large
   */
  prepareAll(
    descriptor: Descriptor,
    given: readonly PlainMessage[],
    options: PublishAllOptions,
  ): readonly PlainMessage[] {
    const contract = contractOf(descriptor);
    const issues: Issue[] = [];
    const messages: PlainMessage[] = [];
    for (const [index, each] of given.entries()) {
      try {
        const message = this.prepare(descriptor, each, options);
        contract.assertWritable(message, this.#config.encoding, this.#config.maxMessageBytes);
        messages.push(message);
      } catch (error) {
        if (error instanceof MessageTooLargeError) throw error.of(`[${index}]: ${descriptor.type}`);
        if (!(error instanceof ContractError)) throw error;
        for (const { path, message } of error.issues) {
          issues.push({ path: pathWithin(`[${index}]`, path), message });
        }
      }
    }
    if (issues.length > 0) throw new ContractError(descriptor.type, issues);
    return messages;
  }

  /** Encrypts prepared messages. What is encrypted is longer than it was, so its size is looked at once more. */
  sealAll(
    descriptor: Descriptor,
    messages: readonly PlainMessage[],
  ): readonly PlainMessage[] | Promise<readonly PlainMessage[]> {
    const contract = contractOf(descriptor);
    return contract.sealed === undefined ? messages : this.#sealEach(descriptor, messages);
  }

  /** Encodes a message that was checked and sealed. */
  encode(descriptor: Descriptor, sealed: PlainMessage): Written {
    return this.#announced(descriptor, sealed, contractOf(descriptor).encode(sealed, this.#config.encoding));
  }

  async #sealEach(descriptor: Descriptor, messages: readonly PlainMessage[]): Promise<readonly PlainMessage[]> {
    const contract = contractOf(descriptor);
    const { encoding, maxMessageBytes } = this.#config;
    // All are copied before the first waits: their publisher may change them meanwhile.
    const sealing = messages.map((message) => this.#sealOrder.seal(contract, message));
    const all: PlainMessage[] = [];
    for (const [index, sealed] of (await Promise.all(sealing)).entries()) {
      try {
        contract.encode(sealed, encoding, maxMessageBytes);
      } catch (error) {
        throw error instanceof MessageTooLargeError ? error.of(`[${index}]: ${descriptor.type}`) : error;
      }
      all.push(sealed);
    }
    return all;
  }

  #announced(descriptor: Descriptor, message: PlainMessage, entry: FlatFields): Written {
    if (descriptor.kind !== "notification") return { message, entry, announced: undefined };
    const json = contractOf(descriptor).writePayload(message);
    return { message, entry, announced: { channel: channelOf(this.#config, message), json } };
  }
}
