import { CatalogueError, compile, formatProblem } from "../../codegen/index.js";
import { sourcesOf } from "../../codegen/load/load.js";

/** The files of a catalogue by path: text, or a value that is written as JSON. */
export type Files = Readonly<Record<string, unknown>>;

/** A catalogue of one event, without a problem. */
export const sound = {
  "catalogue.json": { name: "shop", runtime: "../runtime/index.js" },
  "envelopes/event.json": {
    title: "EventEnvelope",
    type: "object",
    properties: {
      id: { type: "string", format: "uuid" },
      event_type: { type: "string" },
      entity_id: { type: ["string", "integer"] },
      after_data: { type: "object", additionalProperties: true },
    },
    required: ["id", "event_type", "entity_id"],
  },
  "types/order.json": {
    title: "Order",
    type: "object",
    properties: { total: { type: "number" }, note: { type: "string" } },
    required: ["total"],
    $defs: { OrderId: { type: "integer", minimum: 1 } },
  },
  "events/order.placed.json": {
    description: "A customer placed an order.",
    $ref: "../envelopes/event.json",
    properties: {
      event_type: { const: "order.placed" },
      entity_id: { $ref: "../types/order.json#/$defs/OrderId" },
      after_data: { $ref: "../types/order.json" },
    },
    required: ["after_data"],
    examples: [
      {
        id: "0c352b96-8628-4933-bfaf-959ce68e851e",
        event_type: "order.placed",
        entity_id: 7,
        after_data: { total: 12.5 },
      },
    ],
  },
} as const satisfies Files;

/** The texts of a catalogue's files. */
export function textsOf(files: Files): Map<string, string> {
  return new Map(
    Object.entries(files)
      .filter(([, content]) => content !== undefined)
      .map(([path, content]) => [
        path,
        typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`,
      ]),
  );
}

/** The generated files of a catalogue. */
export async function generated(files: Files): Promise<ReadonlyMap<string, string>> {
  return (await compile(sourcesOf(textsOf(files), "schemas"), "schemas")).files;
}

/** A catalogue's problems as they are printed; empty when there are none. */
export async function problemsOf(files: Files): Promise<readonly string[]> {
  try {
    await generated(files);
    return [];
  } catch (error) {
    if (error instanceof CatalogueError) return error.problems.map(formatProblem);
    throw error;
  }
}
