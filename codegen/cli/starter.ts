/** What `merp new` can make. */
export const newKinds = ["event", "command", "notification", "type"] as const;
export type NewKind = (typeof newKinds)[number];

/** A schema file that is valid as it is, and shows where to go on. */
export interface Starter {
  /** Relative to the folder of the schemas. */
  readonly path: string;
  readonly schema: object;
}

/** What a starter says of its own. */
interface Content {
  readonly description: string;
  /** The properties of what the message carries. */
  readonly properties: object;
  readonly required: readonly string[];
  /** A value of them. */
  readonly example: object;
}

const PLACEHOLDER: Omit<Content, "description"> = {
  properties: { name: { type: "string", minLength: 1, maxLength: 200, description: "Replace this property." } },
  required: ["name"],
  example: { name: "example" },
};

const ID = "9b9b7d4e-3a43-4b7e-9d0c-6d1a2f0c4f11";
const TIMESTAMP = "2026-11-23T08:00:00Z";

/** The file of a new message or type. */
export function starterOf(kind: NewKind, type: string): Starter {
  const content = { ...PLACEHOLDER, description: `${type}: say here what this means.` };
  if (kind === "event") return event(type, content);
  if (kind === "command") return command(type, content);
  if (kind === "notification") return notification(type, content.description);
  const { description, properties, required } = content;
  return { path: `types/${type}.json`, schema: { description, type: "object", properties, required } };
}

/** The messages of a new catalogue. */
export const firstMessages: readonly Starter[] = [
  event("order.placed", {
    description: "A customer placed an order.",
    properties: {
      total: { type: "number", exclusiveMinimum: 0, description: "What the customer pays." },
      currency: { type: "string", pattern: "^[A-Z]{3}$", description: "The currency, by ISO 4217." },
      email: { type: "string", format: "email", sensitive: true, description: "Where the confirmation goes." },
    },
    required: ["total", "currency"],
    example: { total: 119, currency: "EUR", email: "ada@example.com" },
  }),
  command("reserve_stock", {
    description: "Asks to keep an article for an order.",
    properties: {
      article: { type: "string", minLength: 1, maxLength: 40, description: "The article's number." },
      quantity: { type: "integer", minimum: 1, description: "How many are needed." },
    },
    required: ["article", "quantity"],
    example: { article: "A-100", quantity: 2 },
  }),
  notification("order_shipped", "Tells a customer that an order is on its way."),
];

function event(type: string, { description, properties, required, example }: Content): Starter {
  // A version is said behind what happened: `order.placed.v2`.
  const entity = type.replace(/(?<=\.[^.]+)\.v\d+$/, "").replace(/\.[^.]*$/, "");
  return {
    path: `events/${type}.json`,
    schema: {
      description,
      $ref: "../envelopes/event.json",
      properties: {
        event_type: { const: type },
        entity_type: { const: entity },
        after_data: { type: "object", description: `What there is to know of the ${entity}.`, properties, required },
      },
      required: ["after_data"],
      examples: [
        {
          id: ID,
          timestamp: TIMESTAMP,
          source_service: "shop",
          type: "event",
          event_type: type,
          entity_type: entity,
          entity_id: 1,
          after_data: example,
        },
      ],
    },
  };
}

function command(type: string, { description, properties, required, example }: Content): Starter {
  return {
    path: `commands/${type}.json`,
    schema: {
      description,
      $ref: "../envelopes/command.json",
      properties: {
        command_type: { const: type },
        payload: { type: "object", description: "What the service needs to know.", properties, required },
      },
      examples: [
        {
          id: ID,
          timestamp: TIMESTAMP,
          source_service: "shop",
          type: "command",
          command_type: type,
          target_service: "warehouse",
          payload: example,
        },
      ],
      $defs: {
        result: {
          description: "The service's answer.",
          type: "object",
          properties: { done: { type: "boolean", description: "Whether it was done." } },
          required: ["done"],
          examples: [{ done: true }],
        },
      },
    },
  };
}

function notification(type: string, description: string): Starter {
  return {
    path: `notifications/${type}.json`,
    schema: {
      description,
      $ref: "../envelopes/notification.json",
      properties: { notification_type: { const: type } },
      examples: [
        {
          id: ID,
          timestamp: TIMESTAMP,
          source_service: "shop",
          type: "notification",
          notification_type: type,
          title: "A title",
          message: "A sentence for the person who reads it.",
          target_user_id: 123,
        },
      ],
    },
  };
}
