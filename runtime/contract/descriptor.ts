import type { Checks } from "./checks.js";
import type { JsonSchema } from "./json-schema.js";
import type { StandardProps } from "./standard-schema.js";

/** The four kinds of message. Each kind has its own stream, envelope and verb. */
export type MessageKind = "event" | "command" | "notification" | "health";

/**
 * The contract of one message type, as a value. The runtime publishes, reads and checks messages by it. Generated code
 * has one for each schema file. Your own code can create one with `defineEvent` and its siblings. It is a Standard Schema
 * and a Standard JSON Schema of the whole message, for libraries that take one.
 * @typeParam Message - the whole message, as a handler receives it
 * @typeParam Input - the publisher's part of it: without constants and without the values that the runtime fills in
 */
export interface Descriptor<Message = unknown, Input = never> {
  readonly kind: MessageKind;
  /** The type on the wire: `user.created`, `validate_token`, `success`. Unique within its stream. */
  readonly type: string;
  /** The stream's name without the environment's prefix. */
  readonly stream: string;
  /**
   * JSON Schema 2020-12 of the whole message. Flat: every `$ref` in it is `#/$defs/…`. What is marked with `encrypt` is a
   * text on the wire.
   */
  readonly schema: JsonSchema;
  /** Whether anything of the message, or of a command's result, is encrypted. Generated code says so. */
  readonly encrypts?: boolean;
  /** The interface of standardschema.dev. Its verdict is that of the reader: undeclared names are allowed. */
  readonly "~standard": StandardProps<Message>;
  /** The checks of the schema, if they were written at generation time. Otherwise they are compiled when needed. */
  readonly checks?: Checks | undefined;
  /** Never set: it only carries the types. */
  readonly "~types"?: { readonly message: Message; readonly input: (input: Input) => void };
}

/**
 * A descriptor that need not be a Standard Schema. The helpers of generated code pass one, so that a bundle of helpers
 * alone holds no validator; `withStandard` adds what is missing.
 */
export type WithoutStandard<Described extends Descriptor> = Omit<Described, "~standard">;

/** The contract of an event: a fact, published to every service that subscribes. */
export interface EventDescriptor<Message = unknown, Input = never> extends Descriptor<Message, Input> {
  readonly kind: "event";
}

/** The contract of a notification: a message to people. */
export interface NotificationDescriptor<Message = unknown, Input = never> extends Descriptor<Message, Input> {
  readonly kind: "notification";
}

/** The contract of a health message. It has no type on the wire. */
export interface HealthDescriptor<Message = unknown, Input = never> extends Descriptor<Message, Input> {
  readonly kind: "health";
}

/**
 * The contract of a command and of its answer.
 * @typeParam Payload - the sender's part of the command
 * @typeParam Result - the handler's result, which the sender receives
 */
export interface CommandDescriptor<Message = unknown, Payload = never, Result = unknown>
  extends Descriptor<Message, Payload> {
  readonly kind: "command";
  /** JSON Schema of the answer's `result`, flat like {@link Descriptor.schema}. */
  readonly result: JsonSchema;
  /** Never set: it only carries the type of the result. */
  readonly "~result"?: Result;
}

/** The descriptors that `publish` takes: all but those of commands, which are sent. */
export type Publishable<Message = unknown, Input = never> =
  | EventDescriptor<Message, Input>
  | NotificationDescriptor<Message, Input>
  | HealthDescriptor<Message, Input>;

/** The form in which stream entries are written. Both forms are always readable. */
export type Encoding = "fields" | "json";

/**
 * All message types of a service, as generated from its schemas.
 * @typeParam Events - the event types by name, for typed patterns: `on("user.*", …)`
 */
export interface Catalogue<Events extends object = Record<never, never>> {
  readonly name: string;
  /** The encoding of entries that are written. `MESSAGE_ENCODING` overrides it. */
  readonly encoding: Encoding;
  readonly messages: readonly Descriptor[];
  /** Never set: it only carries the types. */
  readonly "~events"?: Events;
}
