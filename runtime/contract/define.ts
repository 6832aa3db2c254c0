// Declares messages as values. Nothing is compiled before a message is published, read or validated.
import type { CommandDescriptor, EventDescriptor, HealthDescriptor, NotificationDescriptor } from "./descriptor.js";
import type { JsonSchema } from "./json-schema.js";
import { withStandard } from "./standard.js";

/** Settings of a descriptor that your own code creates. */
export interface DescriptorOptions {
  /** Name of the stream. @defaultValue the kind's own: `events`, `commands`, `notifications` or `health` */
  readonly stream?: string;
}

/**
 * Declares an event type.
 * @example
 * const orderPlaced = defineEvent<OrderPlaced, OrderPlacedInput>("order.placed", schema);
 * await messaging.publish(orderPlaced, { entity_id: 7, after_data: { total: 12.5 } });
 */
export function defineEvent<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): EventDescriptor<Message, Input> {
  return withStandard({ kind: "event", type, stream: options?.stream ?? "events", schema });
}

/** Declares a command type and the schema of its result. */
export function defineCommand<Message, Payload, Result>(
  type: string,
  schema: JsonSchema,
  result: JsonSchema,
  options?: DescriptorOptions,
): CommandDescriptor<Message, Payload, Result> {
  return withStandard({ kind: "command", type, stream: options?.stream ?? "commands", schema, result });
}

/** Declares a notification type. */
export function defineNotification<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): NotificationDescriptor<Message, Input> {
  return withStandard({ kind: "notification", type, stream: options?.stream ?? "notifications", schema });
}

/** Declares a health message type. */
export function defineHealth<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): HealthDescriptor<Message, Input> {
  return withStandard({ kind: "health", type, stream: options?.stream ?? "health", schema });
}
