import { type Kind, kinds } from "../model/kind.js";
import { isObject } from "../schema/walk.js";
import { type Definition, refFrom } from "./definition.js";
import type { Entry } from "./entry.js";
import { type Raw, without } from "./raw.js";
import { targetOf } from "./rewrite.js";
import { samplesOf } from "./sample.js";

/** The property that carries what a message has to say. */
const CARRIERS = { event: "after_data", command: "payload", notification: "data", health: "details" } as const;

/** The parts of a message's file. */
export interface Parts {
  /** The name in TypeScript, where it is not that of the type. */
  readonly title: string | undefined;
  readonly envelope: Raw;
  readonly description: string;
  readonly result: Definition | undefined;
  /** What the message carries, or the whole of it. */
  readonly content: { readonly carried: Definition } | { readonly whole: Raw };
}

/** Facts about an entry's kind. */
export function kindOf({ kind }: Pick<Entry, "kind">): Kind {
  return kinds.find((known) => known.kind === kind) as Kind;
}

/** The file of a message: `events/order.placed.json`. */
export function fileOf(entry: Pick<Entry, "kind" | "type">): string {
  // The type of what has none is its folder and its file.
  if (entry.kind === "health") return `health/${entry.type.replace(/^health\./, "").replace(/[^\w.-]/g, "_")}.json`;
  return `${kindOf(entry).folder}/${entry.type.replace(/[^\w.-]/g, "_")}.json`;
}

/** The envelope of a kind, relative to the folder of the schemas. */
export function envelopeOf({ kind }: Pick<Entry, "kind">): string {
  return `envelopes/${kind}.json`;
}

/** The schema of a message without its example. */
export function messageFile(entry: Entry, { title, description, result, content }: Parts): Raw {
  const { typeProperty } = kindOf(entry);
  const file = fileOf(entry);
  const head = { ...(title !== undefined && { title }), description, $ref: `../${envelopeOf(entry)}` };
  const answer = entry.kind === "command" ? { $defs: { result: resultOf(file, result) } } : {};
  const ofType = typeProperty === undefined ? {} : { [typeProperty]: { const: entry.type } };
  const stated = { ...ofType, ...entityOf(entry) };
  if ("carried" in content) {
    const carrier = CARRIERS[entry.kind];
    const properties = { ...stated, [carrier]: { $ref: refFrom(file, content.carried) } };
    return { ...head, properties, required: [carrier], ...answer };
  }
  const { whole } = content;
  if (whole["$ref"] !== undefined) return { ...head, allOf: [whole], properties: stated, ...answer };
  const { properties, ...rest } = without(whole, "title", "description", "examples");
  const own = isObject(properties) ? properties : {};
  return { ...head, ...rest, properties: { ...own, ...ofType }, ...answer };
}

/** `order.line.added` happened to an `order.line`. */
function entityOf({ kind, type }: Entry): Raw {
  if (kind !== "event") return {};
  const entity = type.slice(0, type.lastIndexOf("."));
  return { entity_type: { const: type.includes(".") ? entity : type } };
}

function resultOf(file: string, result: Definition | undefined): Raw {
  if (result !== undefined) return { $ref: refFrom(file, result) };
  return {
    description: "The service's answer: replace it by what the service returns.",
    type: "object",
    properties: { done: { type: "boolean", description: "Whether it was done." } },
    required: ["done"],
    examples: [{ done: true }],
  };
}

/** Messages that may be examples: what the envelope demands, around each of some values of what the message carries. */
export function exampleMessages(
  entry: Entry,
  { envelope: { examples: _examples, default: _default, ...envelope }, content }: Parts,
  schemaOf: (definition: Definition) => Raw,
): readonly unknown[] {
  const expand = (schema: Raw): Raw => {
    const target = targetOf(schema);
    return target === undefined ? {} : schemaOf(target);
  };
  const { typeProperty } = kindOf(entry);
  const { entity_type: entity } = entityOf(entry) as { readonly entity_type?: { readonly const: string } };
  const ofType = typeProperty === undefined ? {} : { [typeProperty]: entry.type };
  const stated = { ...ofType, ...(entity !== undefined && { entity_type: entity.const }) };
  const around = (value: unknown): Raw => ({ ...(isObject(value) ? value : {}), ...stated });
  if ("whole" in content) {
    return [...entry.examples, ...samplesOf({ allOf: [envelope, content.whole] }, expand).map(around)];
  }
  const [head] = samplesOf(envelope, expand);
  const values = [...entry.examples, ...samplesOf(schemaOf(content.carried), expand)];
  return values.map((value) => ({ ...around(head), [CARRIERS[entry.kind]]: value }));
}
