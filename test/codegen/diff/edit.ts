import { diffCatalogues, type Finding, sourcesOf, type Verdict } from "../../../codegen/index.js";
import { type Files, textsOf } from "../catalogue.js";

const ID = "0c352b96-8628-4933-bfaf-959ce68e851e";
const object = { type: "object" } as const;

/** An edit is told by what it makes of a schema before and after it. */
export type Schemas = Readonly<Record<string, unknown>>;

const event = {
  title: "EventEnvelope",
  ...object,
  properties: {
    id: { type: "string", format: "uuid" },
    event_type: { type: "string", minLength: 1 },
    entity_id: { type: ["string", "integer"] },
    company_id: { type: "integer", minimum: 1 },
    after_data: { ...object, additionalProperties: true },
    metadata: { ...object, additionalProperties: true, default: {} },
  },
  required: ["id", "event_type", "entity_id"],
};
const command = {
  title: "CommandEnvelope",
  ...object,
  properties: {
    id: { type: "string", format: "uuid" },
    command_type: { type: "string", minLength: 1 },
    payload: { ...object },
  },
  required: ["id", "command_type", "payload"],
};
const notification = {
  title: "NotificationEnvelope",
  ...object,
  properties: {
    id: { type: "string", format: "uuid" },
    notification_type: { type: "string", minLength: 1 },
    title: { type: "string", minLength: 1 },
    target_company_id: { type: "integer", minimum: 1 },
    priority: { type: "integer", enum: [1, 2, 3], default: 2 },
  },
  required: ["id", "notification_type", "title"],
};

const envelopes = {
  "envelopes/event.json": event,
  "envelopes/command.json": command,
  "envelopes/notification.json": notification,
};

/** A catalogue of one event, whose entity has what is given. */
export function eventWith(data: Schemas, example: unknown, more: Files = {}): Files {
  return {
    "catalogue.json": { name: "shop" },
    ...envelopes,
    "events/order.placed.json": {
      title: "OrderPlaced",
      description: "A customer placed an order.",
      $ref: "../envelopes/event.json",
      properties: { event_type: { const: "order.placed" }, entity_id: { type: "integer" }, after_data: data },
      required: ["after_data"],
      examples: [{ id: ID, event_type: "order.placed", entity_id: 7, after_data: example }],
    },
    ...more,
  };
}

/** A catalogue of one command. */
export function commandWith(payload: Schemas, result: Schemas, values: { payload: unknown; result: unknown }): Files {
  return {
    "catalogue.json": { name: "shop" },
    ...envelopes,
    "commands/close_shop.json": {
      title: "CloseShop",
      description: "Asks to close.",
      $ref: "../envelopes/command.json",
      properties: { command_type: { const: "close_shop" }, payload },
      examples: [{ id: ID, command_type: "close_shop", payload: values.payload }],
      $defs: { result: { ...result, description: "What came of it.", examples: [values.result] } },
    },
  };
}

/** A catalogue of one notification, with its own properties at the top. */
export function notificationWith(properties: Schemas, encoding = "json"): Files {
  return {
    "catalogue.json": { name: "shop", encoding },
    ...envelopes,
    "notifications/shop_closed.json": {
      title: "ShopClosedNotification",
      description: "Tells that the shop is closed.",
      $ref: "../envelopes/notification.json",
      properties: { notification_type: { const: "shop_closed" }, ...properties },
      examples: [{ id: ID, notification_type: "shop_closed", title: "Closed" }],
    },
  };
}

/** What the command would say of an edit. */
export async function findingsOf(before: Files, after: Files): Promise<readonly Finding[]> {
  const { findings } = await diffCatalogues(sourcesOf(textsOf(before), "before"), sourcesOf(textsOf(after), "schemas"));
  return findings;
}

const SEVERITY: readonly Verdict[] = [
  "safe",
  "breaks-source",
  "may-break",
  "loses-data",
  "breaks-new-readers",
  "breaks-old-readers",
  "breaks-both",
];

/** The verdict on all changes together. */
export function worstOf(findings: readonly Finding[]): Verdict {
  const verdicts = new Set(findings.map(({ verdict }) => verdict));
  if (verdicts.has("breaks-old-readers") && verdicts.has("breaks-new-readers")) return "breaks-both";
  return SEVERITY.findLast((verdict) => verdicts.has(verdict)) ?? "safe";
}
