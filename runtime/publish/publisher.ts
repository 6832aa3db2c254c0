import type { Append, Appender } from "../broker/append.js";
import type { Config } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import type { FlatFields } from "../contract/codec.js";
import { type Contract, contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { ClosedError, ConfigError, ContractError, type Issue, type MessagingError, PublishError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { InterceptorChain, OutgoingCall } from "../messaging/interceptor.js";
import type { PublishAllOptions, Published, PublishOptions } from "../messaging/publisher.js";
import { channelOf } from "./announcement.js";
import { prepare } from "./prepare.js";
import type { Retentions } from "./retention.js";
import { type Destination, PublishTeller, Sending } from "./sending.js";

type Message = Record<string, unknown>;

/** A message that keeps its contract, and its encoded forms. */
interface Written {
  readonly message: Message;
  readonly entry: FlatFields;
  readonly announced: Append["announced"];
}

const NONE: PublishOptions = {};
/** How many messages of a long list are under way at once. */
const MOST_AT_ONCE = 1024;
/** How many of them are encoded before they are sent. Redis stores them while the next ones are encoded. */
const PART = 32;

/** What a publisher works with. */
export interface PublisherParts {
  readonly appender: Appender;
  readonly retentions: Retentions;
  readonly hooks: HookBus;
  /** Whether failures are reported instead of thrown. */
  readonly reports: boolean;
}

/** Prepares messages, checks them strictly and adds them to their stream. */
export class MessagePublisher {
  readonly #config: Config;
  readonly #appender: Appender;
  readonly #retentions: Retentions;
  readonly #teller: PublishTeller;
  readonly #destinations = new WeakMap<Descriptor, Destination>();
  #isClosed = false;

  constructor(config: Config, { appender, retentions, hooks, reports }: PublisherParts) {
    this.#config = config;
    this.#appender = appender;
    this.#retentions = retentions;
    this.#teller = new PublishTeller(hooks, reports);
  }

  /** Nothing is sent before the message is known to keep its contract. It never throws: every failure rejects. */
  publish(descriptor: Descriptor, given: Message, options: PublishOptions = NONE): Promise<Published> {
    try {
      this.#assertOpen();
      return this.#send(descriptor, this.#write(descriptor, given, options), options);
    } catch (thrown) {
      return Promise.reject(this.failed(descriptor, thrown));
    }
  }

  /** Nothing is sent before all messages are known to keep their contract. */
  async publishAll(
    descriptor: Descriptor,
    given: readonly Message[],
    options: PublishAllOptions = NONE,
  ): Promise<Published[]> {
    const contract = contractOf(descriptor);
    let messages: readonly Message[];
    try {
      this.#assertOpen();
      messages = this.#prepareAll(descriptor, contract, given, options);
    } catch (thrown) {
      throw this.failed(descriptor, thrown);
    }
    return messages.length === 0 ? [] : this.#sendAll(descriptor, contract, messages);
  }

  /** Makes a call through interceptors. The hooks are told of what these throw, as of any other failed publish. */
  async intercepted<Call extends OutgoingCall>(
    chain: InterceptorChain,
    call: Call,
    publish: (call: Call) => Promise<unknown>,
  ): Promise<unknown> {
    let isSent = false;
    try {
      return await chain.run(call, (made) => {
        isSent = true;
        return publish(made);
      });
    } catch (thrown) {
      const code = isSent ? "PUBLISH_UNCERTAIN" : "PUBLISH_FAILED";
      // Once a command is sent, its failures are those of its handling.
      if (call.operation !== "send" || !isSent) this.#teller.interceptorFailed(call.descriptor.type, thrown, code);
      throw thrown;
    }
  }

  /** Tells the hooks of a message that could not be published. Returns the error to reject with. */
  failed({ type }: Descriptor, thrown: unknown): MessagingError {
    return this.#teller.failed(type, thrown);
  }

  /** Publishes nothing any more. */
  close(): void {
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ClosedError("cannot publish");
  }

  /** @throws {ContractError} with the issues of all messages */
  #prepareAll(
    descriptor: Descriptor,
    contract: Contract,
    given: readonly Message[],
    options: PublishAllOptions,
  ): readonly Message[] {
    const issues: Issue[] = [];
    const messages: Message[] = [];
    for (const [index, each] of given.entries()) {
      try {
        const message = prepare(this.#config, descriptor, contract, each, options);
        contract.assertWritable(message, this.#config.encoding);
        messages.push(message);
      } catch (error) {
        if (!(error instanceof ContractError)) throw error;
        for (const { path, message } of error.issues) issues.push({ path: joined(index, path), message });
      }
    }
    if (issues.length > 0) throw new ContractError(descriptor.type, issues);
    return messages;
  }

  #write(descriptor: Descriptor, given: Message, options: PublishOptions): Written {
    const contract = contractOf(descriptor);
    const message = prepare(this.#config, descriptor, contract, given, options);
    return this.#written(descriptor, message, contract.write(message, this.#config.encoding));
  }

  #written(descriptor: Descriptor, message: Message, entry: FlatFields): Written {
    return {
      message,
      entry,
      announced: descriptor.kind === "notification" ? this.#announcement(descriptor, message) : undefined,
    };
  }

  #send(descriptor: Descriptor, written: Written, options: PublishOptions): Promise<Published> {
    return new Promise((resolve, reject) => this.#append(descriptor, written, options, resolve, reject));
  }

  /**
   * Sends them in their order, each as soon as it is encoded, so that Redis stores it while the next one is encoded, and
   * a bounded number at once. After a failure no waiting message is sent.
   */
  #sendAll(descriptor: Descriptor, contract: Contract, messages: readonly Message[]): Promise<Published[]> {
    return new Promise((resolve, reject) => {
      const published: Published[] = [];
      const waiting: (() => void)[] = [];
      let count = 0;
      let sent = 0;
      let isOver = false;
      const failed = (error: MessagingError): void => {
        isOver = true;
        reject(error);
      };
      for (const [at, message] of messages.entries()) {
        if (isOver) return;
        // Encoded now, whenever it is sent: the caller may change it when this call has returned.
        let written: Written;
        try {
          written = this.#written(descriptor, message, contract.encode(message, this.#config.encoding));
        } catch (thrown) {
          return failed(this.failed(descriptor, thrown));
        }
        const stored = (one: Published): void => {
          published[at] = one;
          if (++count === messages.length) resolve(published);
          else if (!isOver) waiting[sent++]?.();
        };
        const send = (): void => this.#append(descriptor, written, NONE, stored, failed);
        if (at < MOST_AT_ONCE) send();
        else waiting.push(send);
        if (at % PART === PART - 1) this.#appender.flush();
      }
      this.#appender.flush();
    });
  }

  /** Never throws: whatever keeps a message from its stream rejects. */
  #append(
    descriptor: Descriptor,
    { message, entry, announced }: Written,
    { once = false }: PublishOptions,
    resolve: (published: Published) => void,
    reject: (error: MessagingError) => void,
  ): void {
    const id = message["id"] as string | undefined;
    const destination = this.#destinationOf(descriptor);
    const sending = new Sending(destination, entry, id, this.#teller, resolve, reject);
    const { stream, retention } = destination;
    sending.announced = announced;
    if (once) sending.onceWindowMs = this.#config.messageTtlMs;
    if (retention.pinnedBy.length > 0) {
      sending.failed(streamFull(stream, retention.pinnedBy, id));
    } else if (once && id === undefined) {
      sending.failed(new ConfigError([`${descriptor.type} has no id on the wire, so it cannot be published once`]));
    } else {
      this.#appender.append(sending);
    }
  }

  /** Looked up at the first message of a type. From then on its stream is kept in bounds. */
  #destinationOf(descriptor: Descriptor): Destination {
    let destination = this.#destinations.get(descriptor);
    if (destination === undefined) {
      const stream = prefixed(this.#config, descriptor.stream);
      const layout = contractOf(descriptor).layout(this.#config.encoding);
      destination = { type: descriptor.type, stream, layout, retention: this.#retentions.of(stream) };
      this.#destinations.set(descriptor, destination);
    }
    return destination;
  }

  #announcement(descriptor: Descriptor, message: Message): { channel: string; json: string } {
    return { channel: channelOf(this.#config, message), json: contractOf(descriptor).writePayload(message) };
  }
}

function streamFull(stream: string, groups: readonly string[], messageId: string | undefined): PublishError {
  const text = `${stream} is full because no consumer serves ${groups.join(", ")}. Start its service, or destroy the group (XGROUP DESTROY ${stream} ${groups[0]})`;
  return new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true });
}

/** `[3].after_data.email`: which message, and where in it. */
function joined(index: number, path: string): string {
  return path === "" || path.startsWith("[") ? `[${index}]${path}` : `[${index}].${path}`;
}
