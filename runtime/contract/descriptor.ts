import type { JsonSchema } from "./json-schema.js";

/** The four kinds of message. Each has a stream, an envelope and a verb of its own. */
export type MessageKind = "event" | "command" | "notification" | "health";

/**
 * The contract of one message type, as a value: what the runtime needs to publish, read and check it.
 * Generated code holds one constant for each schema file; own code makes one with {@link defineEvent} and its
 * siblings.
 *
 * @typeParam Message - the whole message, as a handler is given it
 * @typeParam Input - what a publisher must give: the message less its constants and what the runtime fills in
 */
export interface Descriptor<Message = unknown, Input = never> {
  readonly kind: MessageKind;
  /** The type on the wire: `user.created`, `validate_token`, `success`. Unique within its stream. */
  readonly type: string;
  /** The stream's plain name, without the environment's prefix. */
  readonly stream: string;
  /** JSON Schema 2020-12 of the whole wire message, flat: every `$ref` in it is `#/$defs/…`. */
  readonly schema: JsonSchema;
  /** Never set; carries the types. */
  readonly "~types"?: { readonly message: Message; readonly input: (input: Input) => void };
}

/** The contract of an event: a fact, published to whoever listens. */
export interface EventDescriptor<Message = unknown, Input = never> extends Descriptor<Message, Input> {
  readonly kind: "event";
}

/** The contract of a notification: something for people's screens. */
export interface NotificationDescriptor<Message = unknown, Input = never> extends Descriptor<Message, Input> {
  readonly kind: "notification";
}

/** The contract of a health message. Its wire form carries no type. */
export interface HealthDescriptor<Message = unknown, Input = never> extends Descriptor<Message, Input> {
  readonly kind: "health";
}

/**
 * The contract of a command and of its answer.
 *
 * @typeParam Payload - what the sender gives
 * @typeParam Result - what the handler must return and the sender is answered
 */
export interface CommandDescriptor<Message = unknown, Payload = never, Result = unknown>
  extends Descriptor<Message, Payload> {
  readonly kind: "command";
  /** JSON Schema of the answer's `result`, flat like {@link Descriptor.schema}. */
  readonly result: JsonSchema;
  /** Never set; carries the type of the result. */
  readonly "~result"?: Result;
}

/** What may be handed to `publish`: everything but a command, which is sent. */
export type Publishable<Message = unknown, Input = never> =
  | EventDescriptor<Message, Input>
  | NotificationDescriptor<Message, Input>
  | HealthDescriptor<Message, Input>;

/** Settings of an own descriptor. */
export interface DescriptorOptions {
  /**
   * Name of the stream.
   * @defaultValue the kind's own: `events`, `commands`, `notifications` or `health`
   */
  readonly stream?: string;
}

/**
 * Declares an event type.
 *
 * @example
 * const orderPlaced = defineEvent<OrderPlaced, OrderPlacedInput>("order.placed", schema);
 * await messaging.publish(orderPlaced, { entity_id: 7, after_data: { total: 12.5 } });
 */
export function defineEvent<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): EventDescriptor<Message, Input> {
  return { kind: "event", type, stream: options?.stream ?? "events", schema };
}

/** Declares a command type and the schema of its result. */
export function defineCommand<Message, Payload, Result>(
  type: string,
  schema: JsonSchema,
  result: JsonSchema,
  options?: DescriptorOptions,
): CommandDescriptor<Message, Payload, Result> {
  return { kind: "command", type, stream: options?.stream ?? "commands", schema, result };
}

/** Declares a notification type. */
export function defineNotification<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): NotificationDescriptor<Message, Input> {
  return { kind: "notification", type, stream: options?.stream ?? "notifications", schema };
}

/** Declares a health message type. */
export function defineHealth<Message, Input>(
  type: string,
  schema: JsonSchema,
  options?: DescriptorOptions,
): HealthDescriptor<Message, Input> {
  return { kind: "health", type, stream: options?.stream ?? "health", schema };
}
