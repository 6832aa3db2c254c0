import { prefixed } from "../config/config.js";
import { unknownOptions } from "../config/suggest.js";
import type { PlainMessage } from "../contract/codec.js";
import type { CommandDescriptor, Descriptor, Publishable, WithoutStandard } from "../contract/descriptor.js";
import { keyed } from "../contract/key.js";
import { withStandard } from "../contract/standard.js";
import { ConfigError, MessagingError } from "../errors.js";
import type { OutgoingCall } from "../messaging/interceptor.js";
import type { PublishAllOptions, Publisher, PublishOptions } from "../messaging/publisher.js";
import type { Teller, TellOptions } from "../messaging/sender.js";
import { misuseOfKey } from "../publish/key.js";
import { type RelayParts, relayPartsOf } from "../publish/relayable.js";
import type { Written } from "../publish/writer.js";
import type { Queryable } from "./database.js";
import { type OpenTransaction, openAs } from "./open-transactions.js";
import { columnWithNul, type OutboxRow, rowOf } from "./outbox-row.js";
import { OutboxTurns } from "./outbox-turn.js";
import { prepared } from "./prepared.js";

/** A message that is in the outbox once its transaction has committed. */
export interface Recorded {
  /** The message's id: yours, or a new UUID. */
  readonly id: string;
  /** The whole name of the stream to which a relay will publish it. */
  readonly stream: string;
}

/** What takes the place of a messaging in the generated `publish…` and `notify…` helpers, within a transaction. */
export interface Outbox extends Publisher<Recorded>, Teller<Recorded> {
  /**
   * Writes messages of one type, in their order and by one statement. All are checked before the first is written.
   * @throws {ContractError} with every issue of every message, as `[3].after_data.email`; nothing was written
   * @example
   * await outbox(tx).publishAll(userDeleted, [{ entity_id: 123 }, { entity_id: 124 }]);
   */
  publishAll<Input>(
    descriptor: Publishable<unknown, Input>,
    messages: readonly NoInfer<Input>[],
    options?: PublishAllOptions,
  ): Promise<Recorded[]>;
}

/** Options of the outbox of one transaction. */
export interface OutboxOptions {
  /**
   * What the messages are about. Those of one key are published in their order, and into one partition of a stream that has any. The
   * option `key` of a publish says it for one message.
   * @defaultValue of an event its entity (`user:123`), of a notification its audience, of a command the service that it asks
   */
  readonly key?: string;
}

/** Options of an outbox. */
export interface CreateOutboxOptions {
  /**
   * With `pg`, have PostgreSQL parse and plan the statement once for each connection. Not behind a pooler that lends a connection for a
   * transaction and knows no prepared statements, such as PgBouncer before 1.21: the statement would fail there, and the transaction with
   * it. @defaultValue false
   */
  readonly prepare?: boolean;
}

/** Makes the outbox of a transaction. */
export type OutboxOf = (transaction: Queryable, options?: OutboxOptions) => Outbox;

/**
 * Has a messaging's messages written to the database in the transaction of their cause, instead of published. They are checked and
 * encoded as if they were published, and pass the interceptors. When the transaction commits, a relay publishes them; when it
 * rolls back, they are gone with the rest. It needs no Redis.
 * @throws {ConfigError} what is given is no messaging, or an option does not exist
 * @example
 * const outbox = createOutbox(messaging);
 * await transaction(pool, async (tx) => {
 *   await tx.query("INSERT INTO users (id, email) VALUES ($1, $2)", [123, "ada@example.com"]);
 *   await publishUserCreated(outbox(tx), { entity_id: 123, after_data: { email: "ada@example.com" } });
 * });
 */
export function createOutbox(messaging: Publisher<unknown>, settings: CreateOutboxOptions = {}): OutboxOf {
  const parts = relayPartsOf(messaging);
  if (parts === undefined) {
    throw new ConfigError(["createOutbox() takes a messaging, as createMessaging() or getMessaging() returns it"]);
  }
  const wrong = unknownOptions(settings, ["prepare"]);
  if (wrong.length > 0) throw new ConfigError(wrong);
  return (transaction, options = {}) =>
    new TransactionOutbox(parts, transaction, settings.prepare === true ? prepared(transaction) : transaction, options);
}

class TransactionOutbox implements Outbox {
  readonly #parts: RelayParts;
  readonly #turns: OutboxTurns;
  readonly #open: OpenTransaction | undefined;
  readonly #key: string | undefined;

  /** @param writer - runs the transaction's statements */
  constructor(parts: RelayParts, transaction: Queryable, writer: Queryable, { key }: OutboxOptions) {
    this.#parts = parts;
    this.#open = openAs(transaction);
    this.#turns = new OutboxTurns(writer);
    this.#key = key;
  }

  publish(given: WithoutStandard<Publishable>, message: unknown, options: PublishOptions = {}): Promise<Recorded> {
    const descriptor = withStandard<Publishable>(given);
    return this.#one({ operation: "publish", descriptor, message, options });
  }

  tell(given: WithoutStandard<CommandDescriptor>, payload: unknown, options: TellOptions = {}): Promise<Recorded> {
    const descriptor = withStandard<CommandDescriptor>(given);
    return this.#one({ operation: "tell", descriptor, payload, options });
  }

  publishAll(descriptor: Publishable, list: readonly unknown[], options: PublishAllOptions = {}): Promise<Recorded[]> {
    return this.#record({ operation: "publishAll", descriptor, messages: list, options });
  }

  /** For who has no types to say so. */
  send({ type }: Descriptor): Promise<never> {
    const text = `${type} cannot be sent by the outbox: its answer would be awaited before the transaction commits, and the command leaves only then. Tell it, or send it after the commit`;
    return Promise.reject(new MessagingError("PUBLISH_FAILED", text));
  }

  async #one(call: OutgoingCall): Promise<Recorded> {
    const recorded = await this.#record(call);
    // A replay has something else instead.
    return Array.isArray(recorded) ? (recorded[0] as Recorded) : recorded;
  }

  async #record(call: OutgoingCall): Promise<Recorded[]> {
    this.#open?.assertOpen(`${call.descriptor.type} was not written`);
    const recording = this.#parts.through(call, async (changed) => {
      const rows = await this.#rowsOf(changed);
      this.#open?.assertOpen(`${call.descriptor.type} was not written`);
      await this.#turns.write(rows);
      return rows.map(([id, , stream]) => ({ id, stream }) as Recorded);
    });
    return this.#open?.include(recording) ?? recording;
  }

  async #rowsOf(call: OutgoingCall): Promise<OutboxRow[]> {
    const { publisher } = this.#parts;
    const { descriptor } = call;
    if (descriptor.kind === "health") {
      const text = `${descriptor.type} has no id, so it cannot be published once: publish it without an outbox`;
      throw publisher.failed(descriptor, new ConfigError([text]));
    }
    if (call.operation === "publish") {
      return [
        this.#row(
          descriptor,
          await publisher.write(descriptor, call.message as PlainMessage, call.options),
          call.options.key,
        ),
      ];
    }
    if (call.operation === "tell") {
      const { targetService, ...options } = call.options;
      return [
        this.#row(
          descriptor,
          await publisher.write(descriptor, { payload: call.payload, target_service: targetService }, options),
          options.key,
        ),
      ];
    }
    return call.operation === "publishAll" ? this.#rowsOfAll(descriptor, call.messages, call.options) : [];
  }

  async #rowsOfAll(
    descriptor: Descriptor,
    messages: readonly unknown[],
    options: PublishAllOptions,
  ): Promise<OutboxRow[]> {
    const written = await this.#parts.publisher.writeAll(descriptor, messages as readonly PlainMessage[], options);
    return written.map((each) => this.#row(descriptor, each));
  }

  #row(descriptor: Descriptor, written: Written, key = this.#key): OutboxRow {
    const { config, publisher } = this.#parts;
    const isKeyed = descriptor.kind === "event" || descriptor.kind === "command";
    const entry = isKeyed ? keyed(written.entry, key) : written.entry;
    const wrong = misuseOfKey(key, { type: descriptor.type, entry, maxBytes: config.maxMessageBytes });
    if (wrong !== undefined) throw publisher.failed(descriptor, wrong);
    const row = rowOf(descriptor, prefixed(config, descriptor.stream), { ...written, entry }, key);
    const column = columnWithNul(row);
    if (column === undefined) return row;
    // PostgreSQL's own error names no value, and ends the transaction.
    const text = `the ${column} of ${descriptor.type} has the character U+0000, which PostgreSQL has no text for`;
    throw publisher.failed(descriptor, new MessagingError("PUBLISH_FAILED", text));
  }
}
