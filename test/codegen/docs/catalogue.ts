import { readFileSync } from "node:fs";
import { firstMessages } from "../../../codegen/cli/starter.js";
import { soundModelOf } from "../../../codegen/compile.js";
import type { Subject } from "../../../codegen/docs/subject.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { type Files, textsOf } from "../catalogue.js";
import { repository } from "../scratch.js";

const envelope = (kind: string): unknown =>
  JSON.parse(readFileSync(`${repository}schemas/envelopes/${kind}.json`, "utf8")) as unknown;

/** What `merp init` begins with. */
export const starter: Files = {
  "catalogue.json": { name: "shop", description: "The messages of a shop." },
  ...Object.fromEntries(
    ["event", "command", "notification", "health"].map((kind) => [`envelopes/${kind}.json`, envelope(kind)]),
  ),
  ...Object.fromEntries(firstMessages.map(({ path, schema }) => [path, schema])),
};

/** Text that would do something, or look like something else, if it came into a page as it is. */
export const HOSTILE =
  "</p></code></script><script>globalThis.stolen = 1</script><img src=x onerror=\"globalThis.stolen=2\"> ' \" & &amp; <!-- --> {{x}} ]]> \u202etxt.exe\u202c \u2066a\u2069 {globalThis.stolen = 3}\n\nimport x from 'y'";
/** The same for a name, which is one line. */
export const HOSTILE_NAME = "<b onclick='x' \"y\">&lt;\u202eeman";

const payment = {
  title: "PaymentReceived",
  description: `A payment arrived. ${HOSTILE}`,
  $ref: "../envelopes/event.json",
  properties: {
    event_type: { const: "payment.received" },
    entity_type: { const: "payment" },
    entity_id: { type: "integer" },
    after_data: {
      type: "object",
      description: HOSTILE,
      required: ["amount", "method"],
      properties: {
        [HOSTILE_NAME]: { const: HOSTILE, description: HOSTILE },
        amount: { type: "number", exclusiveMinimum: 0, description: "What arrived." },
        currency: { type: "string", pattern: "^[A-Z<>&]{3}$", default: "EUR", description: "By `ISO 4217`." },
        iban: { type: ["string", "null"], sensitive: true, minLength: 15, description: "The account that paid." },
        state: { enum: ["matched", "refused", HOSTILE], description: "What became of it." },
        reason: { type: "string", deprecated: true, description: "Why it was refused." },
        lines: {
          type: "array",
          minItems: 1,
          contains: { type: "object", properties: { invoice: { type: "integer" } }, required: ["invoice"] },
          minContains: 1,
          maxContains: 3,
          items: { type: "object", properties: { invoice: { type: "integer", minimum: 1 } } },
        },
        labels: { type: "object", patternProperties: { "^[a-z]+$": { type: "string" } } },
        place: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], minItems: 2, items: false },
        method: {
          description: "How it was paid.",
          oneOf: [
            {
              type: "object",
              description: "By card.",
              properties: {
                kind: { const: "card" },
                proof: {
                  anyOf: [
                    { type: "object", properties: { by: { const: "pin" } }, required: ["by"] },
                    {
                      type: "object",
                      properties: { by: { const: "app" }, device: { type: "string", description: "The phone." } },
                      required: ["by", "device"],
                    },
                    { type: "null", tolerated: true },
                  ],
                },
              },
              required: ["kind"],
            },
            { type: "object", properties: { kind: { const: "transfer" } }, required: ["kind"] },
          ],
        },
        tree: { $ref: "#/$defs/Node", description: "Of parts." },
      },
      if: { properties: { state: { const: "refused" } }, required: ["state"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["reason"] },
      dependentRequired: { iban: ["currency"] },
    },
  },
  required: ["after_data"],
  $defs: {
    Node: {
      type: "object",
      properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/Node" } } },
      required: ["name"],
    },
  },
  examples: [
    {
      id: "95ea7df7-b49f-4bd1-81ed-c93ce03e6295",
      timestamp: "2026-11-23T12:06:23.633Z",
      source_service: "payment-service",
      type: "event",
      event_type: "payment.received",
      entity_type: "payment",
      entity_id: 12,
      after_data: {
        [HOSTILE_NAME]: HOSTILE,
        amount: 119.5,
        state: HOSTILE,
        lines: [{ invoice: 4711 }],
        method: { kind: "card", proof: { by: "pin" } },
      },
    },
  ],
};

const report = {
  title: "HealthReport",
  description: "How a service is doing.",
  $ref: "../envelopes/health.json",
  examples: [{ service_name: "shop", status: "healthy", timestamp: "2026-11-23T12:06:23.633Z" }],
};

/** Messages of all kinds, with whatever is hard to document, and services. */
export const hard: Files = {
  ...starter,
  "catalogue.json": {
    name: "shop",
    description: `The messages of a shop. ${HOSTILE}`,
    services: {
      shop: { description: `Sells. ${HOSTILE}`, publishes: ["order.placed", "reserve_stock"], handles: [] },
      warehouse: { handles: ["reserve_stock", "order.placed", "payment.received"] },
      "payment-service": { publishes: ["payment.received"] },
    },
  },
  "events/payment.received.json": payment,
  "health/report.json": report,
  "types/address.json": {
    title: "Address",
    description: "Where somebody lives.",
    type: "object",
    properties: { city: { $ref: "#/$defs/City" } },
    $defs: { City: { type: "string", minLength: 1, description: "A town.", examples: ["Berlin"] } },
  },
};

/** All that a documentation of files is made of. */
export async function subjectOf(files: Files, further: Partial<Subject> = {}): Promise<Subject> {
  const sources = sourcesOf(textsOf(files), "schemas");
  const model = await soundModelOf(sources);
  const { description = "" } = files["catalogue.json"] as { readonly description?: string };
  const history = { note: "", versions: new Map() };
  const { services } = model.config;
  return { model, description, version: "1.2.3", schemasName: "schemas", services, history, ...further };
}
