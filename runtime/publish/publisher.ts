// publish/ prepares and appends messages, and trims streams. It may import delivery's base: broker/ to errors.ts.
import type { Append, Appender } from "../broker/append.js";
import { type Config, prefixed } from "../config/config.js";
import type { PlainMessage } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import type { Sealing } from "../contract/sealing.js";
import { ClosedError, ConfigError, type MessagingError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { InterceptorChain, OutgoingCall } from "../messaging/interceptor.js";
import type { PublishAllOptions, Published, PublishOptions } from "../messaging/publisher.js";
import type { Clock } from "../time/clock.js";
import { sendAll } from "./bulk.js";
import type { Retention, Retentions } from "./retention.js";
import { type Destination, idsOf, PublishTeller, Sending } from "./sending.js";
import { MessageWriter, type Written } from "./writer.js";

/** Options of one publish within this package. */
export interface SendingOptions extends PublishOptions, Partial<Pick<Append, "isWanted">> {}

const NONE: SendingOptions = {};

export interface PublisherParts {
  readonly appender: Appender;
  readonly retentions: Retentions;
  readonly clock: Clock;
  readonly hooks: HookBus;
  readonly reports: boolean;
  readonly sealing: Sealing | undefined;
}

/** Prepares messages, checks them strictly and adds them to their stream. */
export class MessagePublisher {
  readonly #config: Config;
  readonly #parts: PublisherParts;
  readonly #teller: PublishTeller;
  readonly #writer: MessageWriter;
  readonly #destinations = new WeakMap<Descriptor, Destination>();
  #isClosed = false;

  constructor(config: Config, parts: PublisherParts) {
    this.#config = config;
    this.#parts = parts;
    this.#teller = new PublishTeller(parts.hooks, parts.reports);
    this.#writer = new MessageWriter(config, parts.clock, parts.sealing);
  }

  /** Checks a message, then sends it. It never throws: every failure rejects. */
  publish(descriptor: Descriptor, given: PlainMessage, options: SendingOptions): Promise<Published> {
    try {
      const written = this.write(descriptor, given, options);
      if (written instanceof Promise) return written.then((later) => this.#send(descriptor, later, options));
      return this.#send(descriptor, written, options);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /**
   * Checks a message and encodes it; a promise only where a key has to be fetched. Whatever is wrong with it is thrown, and
   * told to the hooks.
   */
  write(descriptor: Descriptor, given: PlainMessage, options: PublishOptions): Written | Promise<Written> {
    let message = given;
    try {
      this.#assertOpen();
      message = this.#writer.prepare(descriptor, given, options);
      const written = this.#writer.write(descriptor, message);
      return written instanceof Promise ? this.#unlessClosed(written, descriptor, message) : written;
    } catch (thrown) {
      throw this.failed(descriptor, thrown, message);
    }
  }

  /** Checks a message as {@link write} does, and no more. */
  check(descriptor: Descriptor, given: PlainMessage, options: PublishOptions): void {
    let message = given;
    try {
      this.#assertOpen();
      message = this.#writer.prepare(descriptor, given, options);
      this.#writer.check(descriptor, message);
    } catch (thrown) {
      throw this.failed(descriptor, thrown, message);
    }
  }

  /** Checks messages and encodes them. With every issue of all of them, it rejects with one error, which the hooks are told. */
  async writeAll(
    descriptor: Descriptor,
    given: readonly PlainMessage[],
    options: PublishAllOptions,
  ): Promise<readonly Written[]> {
    const messages = await this.#sealedAll(descriptor, given, options);
    return messages.map((message) => this.#writer.encode(descriptor, message));
  }

  /** Checks all messages, then sends the first. */
  async publishAll(
    descriptor: Descriptor,
    given: readonly PlainMessage[],
    options: PublishAllOptions,
  ): Promise<Published[]> {
    const sealed = this.#sealedAll(descriptor, given, options);
    const messages = sealed instanceof Promise ? await sealed : sealed;
    return messages.length === 0 ? [] : this.#sendAll(descriptor, messages, options);
  }

  #sealedAll(
    descriptor: Descriptor,
    given: readonly PlainMessage[],
    options: PublishAllOptions,
  ): readonly PlainMessage[] | Promise<readonly PlainMessage[]> {
    try {
      this.#assertOpen();
      const sealed = this.#writer.sealAll(descriptor, this.#writer.prepareAll(descriptor, given, options));
      return sealed instanceof Promise ? this.#unlessClosed(sealed, descriptor) : sealed;
    } catch (thrown) {
      throw this.failed(descriptor, thrown);
    }
  }

  /** What a key had to be fetched for. */
  async #unlessClosed<Result>(
    waiting: Promise<Result>,
    descriptor: Descriptor,
    message?: PlainMessage,
  ): Promise<Result> {
    try {
      const result = await waiting;
      this.#assertOpen();
      return result;
    } catch (thrown) {
      throw this.failed(descriptor, thrown, message);
    }
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

  #sendAll(
    descriptor: Descriptor,
    messages: readonly PlainMessage[],
    { durability }: PublishAllOptions,
  ): Promise<Published[]> {
    const each = durability === undefined ? NONE : { durability };
    return sendAll(messages, {
      // Other publishes go on beside it.
      mostBytes: this.#config.publishBufferBytes / 4,
      write: (message) => this.#writer.encode(descriptor, message),
      append: (written, stored, failed) => this.#append(descriptor, written, each, stored, failed),
      flush: () => this.#parts.appender.flush(),
      failure: (thrown) => this.failed(descriptor, thrown),
    });
  }

  #send(descriptor: Descriptor, written: Written, options: SendingOptions): Promise<Published> {
    let resolve!: (published: Published) => void;
    let reject!: (error: MessagingError) => void;
    // An error keeps the functions that stand in its stack alive: none of them may have the message as its own.
    const promise = new Promise<Published>((...settle) => {
      [resolve, reject] = settle;
    });
    this.#append(descriptor, written, options, resolve, reject);
    return promise;
  }

  /** Every failure calls `reject`. It never throws, because `sendAll` calls it from callbacks. */
  #append(
    descriptor: Descriptor,
    { message, entry, announced }: Written,
    { once = false, key, isWanted, durability = this.#config.durability }: SendingOptions,
    resolve: (published: Published) => void,
    reject: (error: MessagingError) => void,
  ): void {
    const ids = idsOf(message);
    const { messageId: id } = ids;
    const destination = this.#destinationOf(descriptor);
    const sending = new Sending(destination, entry, ids, this.#teller, resolve, reject);
    const { maxMessageBytes, messageTtlMs } = this.#config;
    const refused = destination.retention.refusalOf(id) ?? sending.choose(key, maxMessageBytes);
    sending.announced = announced;
    sending.isWanted = isWanted;
    sending.isReplicated = durability === "replicated";
    if (once) sending.onceWindowMs = messageTtlMs;
    if (refused !== undefined) {
      sending.failed(refused);
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
    const { retentions } = this.#parts;
    const isKeyed = descriptor.kind === "event" || descriptor.kind === "command";
    const retentionOf = (partition: string): Retention => retentions.ofPartition(partition);
    const retention = retentions.of(stream);
    const destination = { type: descriptor.type, stream, layout, retention, isKeyed, retentionOf };
    this.#destinations.set(descriptor, destination);
    return destination;
  }
}
