import { randomUUID } from "node:crypto";
import type { Config } from "./config.js";
import { contractOf } from "./contract.js";
import { currentCorrelation } from "./correlation.js";
import type { Descriptor } from "./descriptor.js";
import type { EntryAppender } from "./entry-appender.js";
import type { HookBus } from "./hooks.js";
import { presentInstant } from "./instant.js";
import { prefixed } from "./keys.js";
import type { Published, PublishOptions } from "./messaging.js";

type Message = Record<string, unknown>;

/** Completes messages, checks them strictly and hands them to their stream. */
export class MessagePublisher {
  readonly #config: Config;
  readonly #appender: EntryAppender;
  readonly #hooks: HookBus;

  constructor(config: Config, appender: EntryAppender, hooks: HookBus) {
    this.#config = config;
    this.#appender = appender;
    this.#hooks = hooks;
  }

  /** Nothing is sent before the message is known to keep its contract. */
  async publish(descriptor: Descriptor, given: Message, options: PublishOptions = {}): Promise<Published> {
    const contract = contractOf(descriptor);
    const message = contract.compose(given, this.#filled(descriptor, options));
    const entry = contract.write(message, this.#config.encoding);
    const id = message["id"] as string | undefined;
    const stream = prefixed(this.#config, descriptor.stream);
    const entryId = await this.#appender.append(stream, entry, id);
    if (this.#hooks.wants("published")) this.#hooks.emit("published", { type: descriptor.type, id, entryId });
    else this.#hooks.count("published");
    return { id, entryId, stream };
  }

  /** What the runtime fills in where the message declares it and its publisher does not give it. */
  #filled(descriptor: Descriptor, options: PublishOptions): Message {
    if (descriptor.kind === "health") return { service_name: this.#config.service, timestamp: presentInstant() };
    return {
      id: options.id ?? randomUUID(),
      timestamp: presentInstant(),
      source_service: this.#config.service,
      correlation_id: options.correlationId ?? currentCorrelation()?.correlationId,
    };
  }
}
