// Declares messages as values. Nothing is compiled before a message is published, read or validated.
import type { Checks } from "./checks.js";
import type {
  CommandDescriptor,
  Descriptor,
  EventDescriptor,
  HealthDescriptor,
  MessageKind,
  NotificationDescriptor,
} from "./descriptor.js";
import type { JsonSchema } from "./json-schema.js";
import { standardOf } from "./standard.js";
import type { StandardProps } from "./standard-schema.js";

/** Settings of a descriptor that your own code creates. */
export interface DescriptorOptions {
  /** Name of the stream. @defaultValue the kind's own: `events`, `commands`, `notifications` or `health` */
  readonly stream?: string;
}

/** A descriptor. Its interface of Standard Schema is made when it is asked for: a catalogue may have thousands. */
class Declared<Kind extends MessageKind> implements Descriptor<never> {
  readonly kind: Kind;
  readonly type: string;
  readonly stream: string;
  readonly schema: JsonSchema;
  #standard: StandardProps<never> | undefined;

  constructor(kind: Kind, type: string, stream: string, schema: JsonSchema) {
    this.kind = kind;
    this.type = type;
    this.stream = stream;
    this.schema = schema;
  }

  get "~standard"(): StandardProps<never> {
    this.#standard ??= standardOf(this);
    return this.#standard;
  }
}

/** A descriptor with checks that `merp generate --standalone` wrote, so that none of its schema is compiled. */
export function withChecks<Described extends Descriptor>(descriptor: Described, checks: Checks): Described {
  return Object.assign(descriptor, { checks });
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
  return new Declared("event", type, options?.stream ?? "events", schema);
}

/** Declares a command type and the schema of its result. */
export function defineCommand<Message, Payload, Result>(
  type: string,
  schema: JsonSchema,
  result: JsonSchema,
  options?: DescriptorOptions,
): CommandDescriptor<Message, Payload, Result> {
  return Object.assign(new Declared("command", type, options?.stream ?? "commands", schema), { result });
}

/** Declares a notification type. */
export function defineNotification<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): NotificationDescriptor<Message, Input> {
  return new Declared("notification", type, options?.stream ?? "notifications", schema);
}

/** Declares a health message type. */
export function defineHealth<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): HealthDescriptor<Message, Input> {
  return new Declared("health", type, options?.stream ?? "health", schema);
}
