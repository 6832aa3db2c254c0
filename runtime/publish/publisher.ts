import type { Config } from "../config/config.js";
import { prefixed } from "../config/prefix.js";
import type { FlatFields, Layout } from "../contract/codec.js";
import { type Contract, contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { ConfigError, ContractError, type Issue, type MessagingError, PublishError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { PublishAllOptions, Published, PublishOptions } from "../messaging/messaging.js";
import { channelOf } from "../notification/channel.js";
import type { Append, EntryAppender } from "../redis/entry-appender.js";
import { complete } from "./prepare.js";
import type { Retention } from "./retention.js";
import type { Retentions } from "./retentions.js";

type Message = Record<string, unknown>;

/** Where the messages of a type go. */
interface Destination {
  readonly type: string;
  /** The stream's whole name. */
  readonly stream: string;
  readonly layout: Layout;
  readonly retention: Retention;
}

/** A message that keeps its contract, and how it is written. */
interface Written {
  readonly message: Message;
  readonly entry: FlatFields;
}

const NONE: PublishOptions = {};
/** How many of a long list are under way at once. */
const MOST_AT_ONCE = 1024;
/** How many of it are encoded before they leave: Redis has them in hand while the next ones are. */
const PART = 32;

/** What a publisher works with. */
export interface PublisherParts {
  readonly appender: EntryAppender;
  readonly retentions: Retentions;
  /** Whether failures are reported, and so counted, by whoever is told of them. */
  readonly reports: boolean;
}

/** Completes messages, checks them strictly and hands them to their stream. */
export class MessagePublisher {
  readonly #config: Config;
  readonly #appender: EntryAppender;
  readonly #hooks: HookBus;
  readonly #destinations = new WeakMap<Descriptor, Destination>();
  readonly #retentions: Retentions;
  readonly #reports: boolean;

  constructor(config: Config, parts: PublisherParts, hooks: HookBus) {
    this.#config = config;
    this.#appender = parts.appender;
    this.#retentions = parts.retentions;
    this.#reports = parts.reports;
    this.#hooks = hooks;
  }

  /**
   * Nothing is sent before the message is known to keep its contract: what is wrong with it is thrown at once, what
   * comes later rejects.
   */
  publish(descriptor: Descriptor, given: Message, options: PublishOptions = NONE): Promise<Published> {
    return this.#send(descriptor, this.#write(descriptor, given, options), options);
  }

  /** Nothing is sent before all are known to keep their contract. */
  async publishAll(
    descriptor: Descriptor,
    given: readonly Message[],
    options: PublishAllOptions = NONE,
  ): Promise<Published[]> {
    const contract = contractOf(descriptor);
    const issues: Issue[] = [];
    const messages: Message[] = [];
    for (const [index, each] of given.entries()) {
      try {
        const message = complete(this.#config, descriptor, contract, each, options);
        contract.assertWritable(message, this.#config.encoding);
        messages.push(message);
      } catch (error) {
        if (!(error instanceof ContractError)) throw error;
        for (const { path, message } of error.issues) issues.push({ path: joined(index, path), message });
      }
    }
    if (issues.length > 0) throw new ContractError(descriptor.type, issues);
    return messages.length === 0 ? [] : this.#sendAll(descriptor, contract, messages);
  }

  #write(descriptor: Descriptor, given: Message, options: PublishOptions): Written {
    const contract = contractOf(descriptor);
    const message = complete(this.#config, descriptor, contract, given, options);
    return { message, entry: contract.write(message, this.#config.encoding) };
  }

  #send(descriptor: Descriptor, written: Written, options: PublishOptions): Promise<Published> {
    return new Promise((resolve, reject) => this.#append(descriptor, written, options, resolve, reject));
  }

  /**
   * Sends them in their order: each as soon as it is encoded, so that Redis stores it while the next one is made, but
   * no more than so many at once. The first that fails keeps those from leaving that wait.
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
        // Encoded now, whenever it is sent: it is the caller's again when this call returns.
        const written = { message, entry: contract.encode(message, this.#config.encoding) };
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

  /** Never throws: whatever keeps a message from its stream is counted and rejects. */
  #append(
    descriptor: Descriptor,
    { message, entry }: Written,
    { once = false }: PublishOptions,
    resolve: (published: Published) => void,
    reject: (error: MessagingError) => void,
  ): void {
    const id = message["id"] as string | undefined;
    const destination = this.#destinationOf(descriptor);
    const sending = new Sending(destination, entry, id, this.#hooks, this.#reports, resolve, reject);
    const { stream, retention } = destination;
    if (descriptor.kind === "notification") sending.announced = this.#announcement(descriptor, message);
    if (once) sending.onceWindowMs = this.#config.messageTtlMs;
    if (retention.pinnedBy.length > 0) {
      sending.failed(streamFull(stream, retention.pinnedBy, id));
    } else if (once && id === undefined) {
      sending.failed(new ConfigError([`${descriptor.type} has no id on the wire, so it cannot be published once`]));
    } else {
      this.#appender.append(sending);
    }
  }

  /** Asked for when something is to be sent there: from then on the stream is kept in bounds. */
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

/** One message on its way. An object with its methods, not closures: there is one for each message. */
class Sending implements Append {
  readonly layout: Layout;
  readonly stream: string;
  readonly entry: FlatFields;
  readonly messageId: string | undefined;
  announced: Append["announced"] = undefined;
  onceWindowMs: number | undefined = undefined;
  readonly #destination: Destination;
  readonly #hooks: HookBus;
  readonly #reports: boolean;
  readonly #resolve: (published: Published) => void;
  readonly #reject: (error: MessagingError) => void;

  constructor(
    destination: Destination,
    entry: FlatFields,
    messageId: string | undefined,
    hooks: HookBus,
    reports: boolean,
    resolve: (published: Published) => void,
    reject: (error: MessagingError) => void,
  ) {
    this.layout = destination.layout;
    this.stream = destination.stream;
    this.entry = entry;
    this.messageId = messageId;
    this.#destination = destination;
    this.#hooks = hooks;
    this.#reports = reports;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  stored(entryId: string): void {
    const { type, retention } = this.#destination;
    const { messageId: id, stream } = this;
    retention.added(1);
    if (this.#hooks.wants("published")) this.#hooks.emit("published", { type, id, entryId });
    else this.#hooks.count("published");
    this.#resolve({ id, entryId, stream });
  }

  failed(error: MessagingError): void {
    // What is reported is counted with its report.
    if (!this.#reports) this.#hooks.count("publishFailed");
    this.#reject(error);
  }
}

function streamFull(stream: string, groups: readonly string[], messageId: string | undefined): PublishError {
  const text = `${stream} is full, and ${groups.join(", ")} holds it: nobody serves it. Start its service, or destroy the group (XGROUP DESTROY ${stream} ${groups[0]})`;
  return new PublishError("PUBLISH_FAILED", text, { messageId, retryable: true });
}

/** `[3].after_data.email`: which message, and where in it. */
function joined(index: number, path: string): string {
  return path === "" || path.startsWith("[") ? `[${index}]${path}` : `[${index}].${path}`;
}
