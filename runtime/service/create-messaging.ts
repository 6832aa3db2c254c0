import type { Catalogue } from "../contract/catalogue.js";
import type { Messaging, Published } from "../messaging/messaging.js";
import { type MessagingOptions, ServiceMessaging } from "./service-messaging.js";

const EMPTY: Catalogue = { name: "none", encoding: "json", messages: [] };

/**
 * Creates a messaging for a catalogue. Generated code wraps it for its own.
 *
 * @throws {ConfigError} naming every bad setting
 */
export function createMessagingFor<Events extends object>(
  catalogue: Catalogue<Events>,
  options: MessagingOptions,
): Messaging<Events, Published | undefined> {
  return new ServiceMessaging(catalogue, options);
}

/**
 * Creates a messaging for own descriptors, without a generated catalogue. No connection is made before it is needed.
 *
 * @throws {ConfigError} naming every bad setting
 *
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
