// publish/ prepares and appends messages, and trims streams. It may import delivery's base: broker/ to errors.ts.
import type { Append, Appender } from "../broker/append.js";
import { type Config, prefixed } from "../config/config.js";
import type { FlatFields, PlainMessage } from "../contract/codec.js";
import { type Contract, contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { pathWithin } from "../contract/issue-path.js";
import {
  ClosedError,
  ConfigError,
  ContractError,
  type Issue,
  MessageTooLargeError,
  type MessagingError,
} from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { InterceptorChain, OutgoingCall } from "../messaging/interceptor.js";
import type { PublishAllOptions, Published, PublishOptions } from "../messaging/publisher.js";
import type { Clock } from "../time/clock.js";
import { sendAll } from "./bulk.js";
import { channelOf, prepare } from "./prepare.js";
import type { Retentions } from "./retention.js";
import { type Destination, idsOf, PublishTeller, Sending } from "./sending.js";

/** Options of one publish within this package. */
export interface SendingOptions extends PublishOptions, Partial<Pick<Append, "isWanted">> {}

const NONE: SendingOptions = {};

/** A message that keeps its contract, with its encoded forms. */
export interface Written {
  readonly message: PlainMessage;
  readonly entry: FlatFields;
  readonly announced: Append["announced"];
}

export interface PublisherParts {
  readonly appender: Appender;
  readonly retentions: Retentions;
  readonly clock: Clock;
  readonly hooks: HookBus;
  readonly reports: boolean;
}

/** Prepares messages, checks them strictly and adds them to their stream. */
export class MessagePublisher {
  readonly #config: Config;
  readonly #parts: PublisherParts;
  readonly #teller: PublishTeller;
  readonly #destinations = new WeakMap<Descriptor, Destination>();
  #isClosed = false;

  constructor(config: Config, parts: PublisherParts) {
    this.#config = config;
    this.#parts = parts;
    this.#teller = new PublishTeller(parts.hooks, parts.reports);
  }

  /** Checks a message, then sends it. It never throws: every failure rejects. */
  publish(descriptor: Descriptor, given: PlainMessage, options: SendingOptions): Promise<Published> {
    try {
      const written = this.write(descriptor, given, options);
      let resolve!: (published: Published) => void;
      let reject!: (error: MessagingError) => void;
      // An error keeps the functions that stand in its stack alive: none of them may have the message as its own.
      const promise = new Promise<Published>((...settle) => {
        [resolve, reject] = settle;
      });
      this.#append(descriptor, written, options, resolve, reject);
      return promise;
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /** Checks a message and encodes it. Whatever is wrong with it is thrown, and told to the hooks. */
  write(descriptor: Descriptor, given: PlainMessage, options: PublishOptions): Written {
    let message = given;
    try {
      this.#assertOpen();
      const contract = contractOf(descriptor);
      message = prepare(this.#config, descriptor, contract, given, options, this.#parts.clock);
      const { encoding, maxMessageBytes } = this.#config;
      return this.#written(descriptor, message, contract.write(message, encoding, maxMessageBytes));
    } catch (thrown) {
      throw this.failed(descriptor, thrown, message);
    }
  }

  /** Checks messages and encodes them. With every issue of all of them, one error is thrown and told to the hooks. */
  writeAll(descriptor: Descriptor, given: readonly PlainMessage[], options: PublishAllOptions): readonly Written[] {
    try {
      this.#assertOpen();
      const contract = contractOf(descriptor);
      const messages = this.#prepareAll(descriptor, contract, given, options);
      return messages.map((message) =>
        this.#written(descriptor, message, contract.encode(message, this.#config.encoding)),
      );
    } catch (thrown) {
      throw this.failed(descriptor, thrown);
    }
  }

  /** Checks all messages, then sends the first. */
  async publishAll(
    descriptor: Descriptor,
    given: readonly PlainMessage[],
    options: PublishAllOptions,
  ): Promise<Published[]> {
    const contract = contractOf(descriptor);
    let messages: readonly PlainMessage[];
    try {
      this.#assertOpen();
      messages = this.#prepareAll(descriptor, contract, given, options);
    } catch (thrown) {
      throw this.failed(descriptor, thrown);
    }
    return messages.length === 0 ? [] : this.#sendAll(descriptor, contract, messages);
  }

  /** Makes a call through interceptors. What they throw is told to the hooks like any other failed publish. */
  intercepted(
    chain: InterceptorChain,
    call: OutgoingCall,
    make: (call: OutgoingCall) => Promise<unknown>,
  ): Promise<unknown> {
    let isSent = false;
    const made = chain.run(call, this.streamOf(call), (changed) => {
      isSent = true;
      return make(changed);
    });
    return made.catch((thrown: unknown) => {
      const code = isSent ? "PUBLISH_UNCERTAIN" : "PUBLISH_FAILED";
      // Once a command is sent, its failures are those of its handling.
      if (call.operation !== "send" || !isSent) {
        const ids = idsOf(call.operation === "publish" ? call.message : undefined);
        this.#teller.interceptorFailed(call.descriptor.type, ids, thrown, code);
      }
      throw thrown;
    });
  }

  /** The stream of a call's messages, as interceptors are given it. */
  streamOf({ descriptor }: OutgoingCall): string {
    return prefixed(this.#config, descriptor.stream);
  }

  /** Tells the hooks of a message that could not be published. Returns the error to reject with. */
  failed({ type }: Descriptor, thrown: unknown, message?: PlainMessage): MessagingError {
    return this.#teller.failed(type, thrown, idsOf(message));
  }

  /** Every later publish rejects. */
  close(): void {
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError("cannot publish");
  }

  /** @throws {ContractError} with the issues of all messages, {MessageTooLargeError} at the first that is too large */
  #prepareAll(
    descriptor: Descriptor,
    contract: Contract,
    given: readonly PlainMessage[],
    options: PublishAllOptions,
  ): readonly PlainMessage[] {
    const issues: Issue[] = [];
    const messages: PlainMessage[] = [];
    for (const [index, each] of given.entries()) {
      try {
        const message = prepare(this.#config, descriptor, contract, each, options, this.#parts.clock);
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

  #sendAll(descriptor: Descriptor, contract: Contract, messages: readonly PlainMessage[]): Promise<Published[]> {
    const { encoding, publishBufferBytes } = this.#config;
    return sendAll(messages, {
      // Other publishes go on beside it.
      mostBytes: publishBufferBytes / 4,
      write: (message) => this.#written(descriptor, message, contract.encode(message, encoding)),
      append: (written, stored, failed) => this.#append(descriptor, written, NONE, stored, failed),
      flush: () => this.#parts.appender.flush(),
      failure: (thrown) => this.failed(descriptor, thrown),
    });
  }

  #written(descriptor: Descriptor, message: PlainMessage, entry: FlatFields): Written {
    if (descriptor.kind !== "notification") return { message, entry, announced: undefined };
    const json = contractOf(descriptor).writePayload(message);
    return { message, entry, announced: { channel: channelOf(this.#config, message), json } };
  }

  /** Every failure calls `reject`. It never throws, because `sendAll` calls it from callbacks. */
  #append(
    descriptor: Descriptor,
    { message, entry, announced }: Written,
    { once = false, isWanted }: SendingOptions,
    resolve: (published: Published) => void,
    reject: (error: MessagingError) => void,
  ): void {
    const ids = idsOf(message);
    const { messageId: id } = ids;
    const destination = this.#destinationOf(descriptor);
    const sending = new Sending(destination, entry, ids, this.#teller, resolve, reject);
    const full = destination.retention.refusalOf(id);
    sending.announced = announced;
    sending.isWanted = isWanted;
    if (once) sending.onceWindowMs = this.#config.messageTtlMs;
    if (full !== undefined) {
      sending.failed(full);
    } else if (once && id === undefined) {
      sending.failed(new ConfigError([`${descriptor.type} has no id on the wire, so it cannot be published once`]));
    } else {
      this.#parts.appender.append(sending);
    }
  }

  /** The first message of a type begins the retention of its stream. */
  #destinationOf(descriptor: Descriptor): Destination {
    const known = this.#destinations.get(descriptor);
    if (known !== undefined) return known;
    const stream = prefixed(this.#config, descriptor.stream);
    const layout = contractOf(descriptor).layout(this.#config.encoding);
    const destination = { type: descriptor.type, stream, layout, retention: this.#parts.retentions.of(stream) };
    this.#destinations.set(descriptor, destination);
    return destination;
  }
}
