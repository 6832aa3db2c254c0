import { defineCommand, defineEvent, defineNotification } from "../../../runtime/contract/define.js";
import type { Erasable } from "../../../runtime/encryption/index.js";

const text = { type: "string" } as const;
const secret = { type: "string", minLength: 3, sensitive: true, encrypt: true } as const;

const envelope = (kind: "event" | "command" | "notification", type: string, properties: object, required: string[]) =>
  ({
    type: "object",
    properties: {
      id: text,
      timestamp: text,
      source_service: text,
      correlation_id: text,
      metadata: { type: "object", additionalProperties: true },
      type: { const: kind },
      [`${kind}_type`]: { const: type },
      ...properties,
    },
    required: ["id", "type", `${kind}_type`, ...required],
  }) as const;

/** What is secret of a person, in every shape that a schema can have. */
export interface Person {
  readonly name?: string;
  readonly age?: number;
  readonly tags?: readonly string[];
  readonly notes?: Readonly<Record<string, unknown>>;
  readonly contacts?: readonly ({ readonly kind: "mail"; readonly address: string } | { readonly kind: "none" })[];
  readonly profile?: { readonly city: string; readonly years: readonly number[] } | null;
}

export interface Joined {
  readonly id: string;
  readonly entity_id: number;
  readonly after_data: Person;
}

/** Values of any type, in an object, in a list, in a map and in the forms of a choice. */
export const joined = defineEvent<Joined, Omit<Joined, "id">>(
  "person.joined",
  envelope(
    "event",
    "person.joined",
    {
      entity_type: { const: "person" },
      entity_id: { type: "integer" },
      after_data: {
        type: "object",
        properties: {
          name: secret,
          age: { type: "integer", minimum: 0, sensitive: true, encrypt: true },
          tags: { type: "array", items: secret },
          notes: { type: "object", additionalProperties: { sensitive: true, encrypt: true } },
          contacts: { type: "array", items: { oneOf: [{ $ref: "#/$defs/Mail" }, { $ref: "#/$defs/None" }] } },
          profile: {
            anyOf: [
              {
                type: "object",
                properties: { city: text, years: { type: "array", items: { type: "integer" } } },
                required: ["city", "years"],
              },
              { type: "null" },
            ],
            sensitive: true,
            encrypt: true,
          },
        },
      },
    },
    ["entity_id", "after_data"],
  ) as never,
);
Object.assign(joined.schema, {
  $defs: {
    Mail: {
      type: "object",
      properties: { kind: { const: "mail" }, address: { $ref: "#/$defs/Address" } },
      required: ["kind", "address"],
    },
    None: { type: "object", properties: { kind: { const: "none" } }, required: ["kind"] },
    Address: { type: "string", pattern: "@", sensitive: true, encrypt: true },
  },
});

export interface Moved {
  readonly id: string;
  readonly entity_id: number;
  readonly after_data: { readonly street: Erasable<string>; readonly country: string };
}

/** Encrypted with the person's own key. */
export const moved = defineEvent<Moved, Omit<Moved, "id">>(
  "person.moved",
  envelope(
    "event",
    "person.moved",
    {
      entity_type: { const: "person" },
      entity_id: { type: "integer" },
      after_data: {
        type: "object",
        properties: { street: { ...secret, subject: "entity_id" }, country: text },
        required: ["street", "country"],
      },
    },
    ["entity_id", "after_data"],
  ) as never,
);

export interface Login {
  readonly id: string;
  readonly payload: { readonly password: string };
}

/** A command whose payload and result are encrypted. */
export const login = defineCommand<Login, Login["payload"], { readonly token: string }>(
  "log_in",
  envelope(
    "command",
    "log_in",
    {
      target_service: text,
      payload: { type: "object", properties: { password: secret }, required: ["password"] },
      reply_to: text,
      timeout: { type: "number" },
    },
    ["payload"],
  ) as never,
  { type: "object", properties: { token: secret }, required: ["token"] },
);

export interface Told {
  readonly id: string;
  readonly title: string;
  readonly message: string;
}

/** A notification whose text is encrypted at the top of the message. */
export const told = defineNotification<Told, Omit<Told, "id">>(
  "told",
  envelope("notification", "told", { title: text, message: secret, target_user_id: { type: "integer" } }, [
    "title",
    "message",
  ]) as never,
);
