import { channelOf } from "./channel.js";
import type { FlatFields } from "./codec.js";
import { complete } from "./complete.js";
import type { Config } from "./config.js";
import { type Contract, contractOf } from "./contract.js";
import type { Descriptor } from "./descriptor.js";
import type { EntryAppender } from "./entry-appender.js";
import { ConfigError, ContractError, type Issue, PublishError } from "./errors.js";
import type { HookBus } from "./hooks.js";
import { prefixed } from "./keys.js";
import type { PublishAllOptions, Published, PublishOptions } from "./messaging.js";
import type { Retentions } from "./retentions.js";

type Message = Record<string, unknown>;

/** A message that keeps its contract, and how it is written. */
interface Written {
  readonly contract: Contract;
  readonly message: Message;
  readonly entry: FlatFields;
  readonly id: string | undefined;
}

const NONE: PublishOptions = {};
/** How many of a long list are under way at once. */
const MOST_AT_ONCE = 1024;

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
  /** The whole names of the streams, by their plain ones. */
  readonly #streams = new Map<string, string>();
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

  /** So many at once that the next ones are made while Redis stores the ones before. */
  async publishAll(
    descriptor: Descriptor,
    given: readonly Message[],
    options: PublishAllOptions = NONE,
  ): Promise<Published[]> {
    const issues: Issue[] = [];
    const written: Written[] = [];
    for (const [index, message] of given.entries()) {
      try {
        written.push(this.#write(descriptor, message, options));
      } catch (error) {
        if (!(error instanceof ContractError)) throw error;
        for (const { path, message } of error.issues) issues.push({ path: joined(index, path), message });
      }
    }
    if (issues.length > 0) throw new ContractError(descriptor.type, issues);
    const published: Published[] = [];
    for (let from = 0; from < written.length; from += MOST_AT_ONCE) {
      const part = written.slice(from, from + MOST_AT_ONCE);
      published.push(...(await Promise.all(part.map((message) => this.#send(descriptor, message, NONE)))));
    }
    return published;
  }

  #write(descriptor: Descriptor, given: Message, options: PublishOptions): Written {
    const contract = contractOf(descriptor);
    const message = complete(this.#config, descriptor, contract, given, options);
    const entry = contract.write(message, this.#config.encoding);
    return { contract, message, entry, id: message["id"] as string | undefined };
  }

  #send(descriptor: Descriptor, written: Written, options: PublishOptions): Promise<Published> {
    const { contract, message, entry, id } = written;
    const { encoding, messageTtlMs } = this.#config;
    const stream = this.#streamOf(descriptor);
    const retention = this.#retentions.of(stream);
    if (retention.pinnedBy.length > 0) throw streamFull(stream, retention.pinnedBy, id);
    if (options.once === true && id === undefined) {
      throw new ConfigError([`${descriptor.type} has no id on the wire, so it cannot be published once`]);
    }
    return new Promise((resolve, reject) => {
      this.#appender.append({
        stream,
        layout: contract.layout(encoding),
        entry,
        messageId: id,
        announced: descriptor.kind === "notification" ? this.#announcement(message) : undefined,
        onceWindowMs: options.once === true ? messageTtlMs : undefined,
        stored: (entryId) => {
          retention.added(1);
          if (this.#hooks.wants("published")) this.#hooks.emit("published", { type: descriptor.type, id, entryId });
          else this.#hooks.count("published");
          resolve({ id, entryId, stream });
        },
        failed: (error) => {
          // What is reported is counted with its report.
          if (!this.#reports) this.#hooks.count("publishFailed");
          reject(error);
        },
      });
    });
  }

  #streamOf({ stream: name }: Descriptor): string {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = prefixed(this.#config, name);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #announcement(message: Message): { channel: string; json: string } {
    return { channel: channelOf(this.#config, message), json: JSON.stringify(message) };
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
