import { channelOf } from "./channel.js";
import { complete } from "./complete.js";
import type { Config } from "./config.js";
import { contractOf } from "./contract.js";
import type { Descriptor } from "./descriptor.js";
import type { EntryAppender } from "./entry-appender.js";
import { ConfigError, PublishError } from "./errors.js";
import type { HookBus } from "./hooks.js";
import { prefixed } from "./keys.js";
import type { Published, PublishOptions } from "./messaging.js";
import type { Retention } from "./retention.js";

type Message = Record<string, unknown>;

const NONE: PublishOptions = {};

/** Completes messages, checks them strictly and hands them to their stream. */
export class MessagePublisher {
  readonly #config: Config;
  readonly #appender: EntryAppender;
  readonly #hooks: HookBus;
  /** The whole names of the streams, by their plain ones. */
  readonly #streams = new Map<string, string>();
  readonly #retentionOf: (stream: string) => Retention;

  constructor(config: Config, appender: EntryAppender, retentionOf: (stream: string) => Retention, hooks: HookBus) {
    this.#retentionOf = retentionOf;
    this.#config = config;
    this.#appender = appender;
    this.#hooks = hooks;
  }

  /**
   * Nothing is sent before the message is known to keep its contract: what is wrong with it is thrown at once, what
   * comes later rejects.
   */
  publish(descriptor: Descriptor, given: Message, options: PublishOptions = NONE): Promise<Published> {
    const contract = contractOf(descriptor);
    const { encoding, messageTtlMs } = this.#config;
    const message = complete(this.#config, descriptor, contract, given, options);
    const entry = contract.write(message, encoding);
    const id = message["id"] as string | undefined;
    const stream = this.#streamOf(descriptor);
    const retention = this.#retentionOf(stream);
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
        failed: reject,
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
