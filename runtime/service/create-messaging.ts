import type { Catalogue } from "../contract/descriptor.js";
import type { Messaging } from "../messaging/messaging.js";
import type { Published } from "../messaging/publisher.js";
import { RedisBroker } from "../redis/redis-broker.js";
import { systemClock } from "../time/clock.js";
import { assemble, type Foundation, type MessagingOptions } from "./assemble.js";
import { ServiceMessaging } from "./service-messaging.js";

const EMPTY: Catalogue = { name: "none", encoding: "json", messages: [] };

const REDIS: Foundation = {
  clock: systemClock,
  brokerOf: (config, hooks, clock) => new RedisBroker(config, hooks, clock),
};

/**
 * Creates a messaging for a catalogue. Generated code wraps it for its own catalogue.
 * @throws {ConfigError} naming every bad setting
 */
export function createMessagingFor<Events extends object>(
  catalogue: Catalogue<Events>,
  options: MessagingOptions,
): Messaging<Events, Published | undefined> {
  const { config, parts } = assemble(catalogue, options, REDIS);
  return new ServiceMessaging(catalogue, config, parts);
}

/**
 * Creates a messaging for own descriptors, without a generated catalogue. It connects when a connection is needed.
 * @throws {ConfigError} naming every bad setting
 * @example
 * await using messaging = createMessaging({ service: "orders" });
 * await messaging.publish(orderPlaced, { entity_id: 7, after_data: { total: 12.5 } });
 */
export function createMessaging(
  options: MessagingOptions & { readonly onPublishFailure: "report" },
): Messaging<Record<never, never>, Published | undefined>;
export function createMessaging(options?: MessagingOptions): Messaging;
export function createMessaging(
  options: MessagingOptions = {},
): Messaging<Record<never, never>, Published | undefined> {
  return createMessagingFor(EMPTY, options);
}
