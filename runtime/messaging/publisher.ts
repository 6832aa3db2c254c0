import type { Publishable, WithoutStandard } from "../contract/descriptor.js";

/** The place of a published message. */
export interface Published {
  /** The message's id: yours, or a new UUID. `undefined` where the wire has none (health). */
  readonly id: string | undefined;
  /** The entry's id in its stream. */
  readonly entryId: string;
  /** The whole name of the stream. */
  readonly stream: string;
}

/** When a publish resolves: when one node has the message, or when replicas have it, too. */
export type Durability = "stored" | "replicated";

/** Options of one `publishAll`. */
export interface PublishAllOptions {
  /** @defaultValue the one of the message that is being handled, if one is */
  readonly correlationId?: string;
  /** The message belongs to no company, although `tenancy` is `required`. @defaultValue false */
  readonly withoutCompany?: boolean;
  /**
   * `replicated`: resolve only when `REDIS_WAIT_REPLICAS` replicas have the message, so that it survives the loss of its
   * master if one of them takes its place. If they do not say so in time, the publish rejects with `PUBLISH_UNCERTAIN`: the
   * message is stored on one node only. @defaultValue that of the messaging
   */
  readonly durability?: Durability;
}

/** Options of one publish. */
export interface PublishOptions extends PublishAllOptions {
  /** The message's id, a UUID. Pass one to be able to repeat the publish under it. @defaultValue a new UUID */
  readonly id?: string;
  /**
   * Store the message once, however often it is published under the same `id` within `MESSAGE_TTL`. A publish that
   * failed with `PUBLISH_UNCERTAIN` may then be repeated. Every attempt needs this option. @defaultValue false
   */
  readonly once?: boolean;
  /**
   * What the message is ordered by, in place of its entity: it chooses the partition, where the stream has any, and consumers with
   * `order: "entity"` handle the messages of one key one after another. It is stored in plain text and counts towards
   * `MESSAGE_MAX_BYTES`. @defaultValue the entity of an event (`user:42`); the id of any other message, which has no order then
   * @example
   * await messaging.publish(userDeleted, { entity_id: 123 }, { key: "customer 7" });
   */
  readonly key?: string;
}

/** Publishes messages. The generated `publish…` and `notify…` helpers take one. */
export interface Publisher<Outcome = Published> {
  /**
   * Publishes a message. When it resolves, the message is stored, as durably as that Redis stores, and every group
   * receives it at least once. It connects at the first call and needs no `start()`.
   * @throws {ContractError} with every issue of the message; nothing was sent
   * @throws {ConnectionError} Redis cannot be reached or refuses this service; nothing was sent
   * @throws {PublishError} Redis refused the message (`PUBLISH_FAILED`); or the connection broke before its reply, or
   * too few replicas have it (`PUBLISH_UNCERTAIN`). `retryable` says whether a repeat is safe
   * @example
   * const { id, entryId } = await messaging.publish(userDeleted, { entity_id: 123 });
   */
  publish<Input>(
    descriptor: WithoutStandard<Publishable<unknown, Input>>,
    message: NoInfer<Input>,
    options?: PublishOptions,
  ): Promise<Outcome>;
}
