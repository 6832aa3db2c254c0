import type { Append } from "../broker/append.js";
import type { Broker } from "../broker/broker.js";
import type { Transferred } from "../broker/transfer.js";
import type { Config } from "../config/config.js";
import { ClosedError, type MessagingError } from "../errors.js";
import type { HookBus, MessageIds } from "../messaging/hooks.js";
import type { Retentions } from "./retention.js";
import { PublishTeller } from "./sending.js";

/** A message that was checked and encoded before, and stored elsewhere since. */
export interface WrittenMessage extends MessageIds, Pick<Append, "entry" | "announced" | "key"> {
  readonly type: string;
  /** The whole name of its stream. */
  readonly stream: string;
}

/** Adds messages to their streams that were written before. */
export class MessageTransfer {
  readonly #config: Config;
  readonly #broker: Broker;
  readonly #retentions: Retentions;
  readonly #teller: PublishTeller;
  #isClosed = false;

  constructor(
    config: Config,
    { broker, hooks, retentions }: { broker: Broker; hooks: HookBus; retentions: Retentions },
  ) {
    this.#config = config;
    this.#broker = broker;
    this.#retentions = retentions;
    this.#teller = new PublishTeller(hooks, false);
  }

  /** Nothing is added any more. */
  close(): void {
    this.#isClosed = true;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Adds messages of one stream, each once within `MESSAGE_TTL`, in their order and up to the first that is refused. */
  async add(stream: string, messages: readonly WrittenMessage[]): Promise<Transferred> {
    if (this.#isClosed) return refused(new ClosedError("cannot publish"));
    const retention = this.#retentions.of(stream);
    const full = retention.refusalOf(messages[0]?.messageId);
    if (full !== undefined) return refused(full);
    const onceWindowMs = this.#config.messageTtlMs;
    const transferred = await this.#broker.transfer({ stream, entries: messages, onceWindowMs });
    for (const [at, entryId] of transferred.entryIds.entries()) {
      const message = messages[at] as WrittenMessage;
      retention.added();
      this.#teller.published(message, message, entryId);
    }
    return transferred;
  }
}

function refused(error: MessagingError): Transferred {
  return { entryIds: [], refusal: { error, isForGood: false } };
}
