import { mkdirSync, writeFileSync } from "node:fs";

const VERBS = ["created", "updated", "deleted", "moved", "closed", "opened", "approved", "rejected", "sent", "paid"];

/**
 * Writes a catalogue of so many events, each a schema of its own without references, so that every generator can read
 * the same files: 12 properties as in M-ERP's events, and an entity of ten.
 */
export function writeSyntheticCatalogue(folder: string, messages: number): void {
  mkdirSync(`${folder}/schemas/events`, { recursive: true });
  const config = { name: "synthetic", encoding: "json", output: "../generated" };
  writeFileSync(`${folder}/schemas/catalogue.json`, `${JSON.stringify(config)}\n`);
  for (let n = 0; n < messages; n++) {
    const { type, schema } = syntheticEvent(n);
    writeFileSync(`${folder}/schemas/events/${type}.json`, `${JSON.stringify(schema, null, 2)}\n`);
  }
}

/** Letters only, so that names read like names: 0 is `a`, 27 is `bb`. */
function letters(n: number): string {
  const letter = String.fromCharCode(97 + (n % 26));
  return n < 26 ? letter : letters(Math.floor(n / 26) - 1) + letter;
}

/** The n-th event; `edited` has one property more. */
export function syntheticEvent(n: number, edited = false): { type: string; title: string; schema: object } {
  const entity = `entity${letters(Math.floor(n / VERBS.length))}`;
  const verb = VERBS[n % VERBS.length] as string;
  const type = `${entity}.${verb}`;
  const title = [entity, verb].map((word) => (word[0] as string).toUpperCase() + word.slice(1)).join("");
  const text = (description: string): object => ({ type: "string", minLength: 1, description });
  const data = {
    name: text(`What the ${entity} is called.`),
    code: text("A short code."),
    email: { type: "string", format: "email", description: "Where to write to." },
    amount: { type: "number", description: "How much." },
    quantity: { type: "integer", minimum: 0, description: "How many." },
    is_active: { type: "boolean", description: "Whether it is in use." },
    status: { enum: ["draft", "open", `${verb}_by_rule`, "closed"], description: "How far it is." },
    tags: { type: "array", items: { type: "string" }, description: "Words to find it by." },
    created_at: { type: "string", format: "date-time", description: "When it was made." },
    [`${entity}_note`]: text("What else there is to say."),
    ...(edited ? { edited: { type: "boolean", description: "A property more." } } : {}),
  };
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    description: `Something happened to an ${entity}: ${verb}.`,
    type: "object",
    properties: {
      id: { type: "string", format: "uuid", description: "Identifies the event." },
      timestamp: { type: "string", format: "date-time", description: "When the event was written." },
      source_service: text("The service that wrote it."),
      correlation_id: text("Ties together what one request set off."),
      metadata: { type: "object", additionalProperties: true, default: {}, description: "Open to any property." },
      type: { const: "event" },
      event_type: { const: type },
      entity_type: { const: entity },
      entity_id: { type: "integer", description: "The entity it happened to." },
      company_id: { type: "integer", minimum: 1, description: "The company in whose data it happened." },
      user_id: { type: "integer", minimum: 1, description: "The user who caused it." },
      after_data: { type: "object", description: "As it is now.", properties: data, required: ["name", "amount"] },
    },
    required: ["id", "timestamp", "source_service", "type", "event_type", "entity_type", "entity_id", "after_data"],
    examples: [
      {
        id: "0c352b96-8628-4933-bfaf-959ce68e851e",
        timestamp: "2026-11-23T08:00:44.748Z",
        source_service: "billing",
        type: "event",
        event_type: type,
        entity_type: entity,
        entity_id: n + 1,
        after_data: { name: "Ada", amount: 12.5, status: "open" },
      },
    ],
  };
  return { type, title, schema };
}
