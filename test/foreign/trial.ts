import { isDeepStrictEqual } from "node:util";
import { CatalogueError, compile, type Problem } from "../../codegen/index.js";
import { readConfig } from "../../codegen/load/config.js";
import { sourcesOf } from "../../codegen/load/load.js";
import { buildModel, type Model } from "../../codegen/model/model.js";
import type { Schema } from "../../codegen/schema/schema.js";
import type { PlainMessage } from "../../runtime/contract/codec.js";
import { Contract } from "../../runtime/contract/contract.js";
import { defineEvent } from "../../runtime/contract/define.js";
import { formatNouns } from "../../runtime/contract/format.js";
import { type Files, sound, textsOf } from "../codegen/catalogue.js";
import type { Maker, Topic } from "./maker.js";

/** What came of a maker's catalogue. */
export interface Outcome {
  readonly problems: readonly Problem[];
  readonly files: ReadonlyMap<string, string>;
  /** Payloads, and how many of them are valid by the maker's schema. */
  readonly given: number;
  readonly valid: number;
  /** Valid payloads that are read, and those that also come back as they were, in either encoding. */
  readonly read: number;
  readonly same: number;
  /** Valid payloads that can be published. */
  readonly written: number;
  /** Why the others cannot: each message about a value, with its number. */
  readonly refusals: ReadonlyMap<string, number>;
  /** What is wrong: a valid payload that is not read, or comes back changed; one that is invalid, and accepted. */
  readonly faults: readonly string[];
}

const head = { id: "0c352b96-8628-4933-bfaf-959ce68e851e", entity_id: 7 };

/** The maker's types in a catalogue with an event for each topic. */
export function catalogueOf({ types, topics }: Maker): Files {
  const { "events/order.placed.json": event, "types/order.json": _order, ...base } = sound;
  const events = topics.map(({ type, ref }) => {
    const { after_data: _data, entity_id: _id, ...properties } = event.properties;
    const after = { after_data: { $ref: ref }, entity_id: { type: "integer" }, event_type: { const: type } };
    const examples = [{ ...head, event_type: type }];
    const adapted = { ...event, properties: { ...properties, ...after }, required: [], examples };
    return [`events/${type}.json`, adapted] as const;
  });
  return { ...base, ...types, ...Object.fromEntries(events) };
}

/** Generates the catalogue of a maker, and reads and writes its values. */
export async function tryOut(maker: Maker): Promise<Outcome> {
  const sources = sourcesOf(textsOf(catalogueOf(maker)), "schemas");
  const { problems, files } = await compile(sources, "schemas").then(
    (compiled) => ({ problems: [], files: compiled.files }),
    (error: unknown) => {
      if (!(error instanceof CatalogueError)) throw error;
      return { problems: error.problems, files: new Map<string, string>() };
    },
  );
  const model = buildModel(sources, readConfig(sources.config).config);
  const counts = { given: 0, valid: 0, read: 0, same: 0, written: 0 };
  const refusals = new Map<string, number>();
  const faults: string[] = [];
  for (const topic of maker.topics) {
    const contract = new Contract(defineEvent(topic.type, schemaOf(topic.type, model)));
    for (const [at, payload] of topic.payloads.entries()) {
      const place = `${topic.type}[${at}]`;
      counts.given++;
      if (!topic.accepts(payload)) continue;
      counts.valid++;
      const result = pass(contract, topic, payload);
      if (result.isRead) counts.read++;
      if (result.isSame) counts.same++;
      else faults.push(`${place}: ${result.reason}`);
      const reasons = new Set(contract.violations(eventOf(topic, payload)).map(({ message: text }) => kindOf(text)));
      if (reasons.size === 0) counts.written++;
      if (reasons.size > 0 && !explains(reasons)) faults.push(`${place}: refused: ${[...reasons].join(", ")}`);
      for (const reason of reasons) refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    }
  }
  return { problems, files, ...counts, refusals, faults };
}

/** The schema of a message as the generated code has it: with the definitions that it needs. */
function schemaOf(type: string, { messages, flattener }: Model): Schema {
  const { schema = {} } = messages.find((message) => message.type === type) ?? {};
  const needed = flattener.closure(schema).map((found) => [found.name, flattener.definition(found)] as const);
  return { ...schema, $defs: Object.fromEntries(needed) };
}

function eventOf({ type }: Topic, payload: unknown): PlainMessage {
  return { ...head, event_type: type, after_data: payload };
}

interface Passage {
  readonly isRead: boolean;
  readonly isSame: boolean;
  readonly reason?: string;
}

/** Encodes a value unchecked and reads it, in both encodings. */
function pass(contract: Contract, topic: Topic, payload: unknown): Passage {
  const event = eventOf(topic, payload);
  for (const encoding of ["json", "fields"] as const) {
    try {
      const read = contract.read(contract.encode(event, encoding));
      if (!isDeepStrictEqual(read, event)) return { isRead: true, isSame: false, reason: `changed by ${encoding}` };
    } catch (error) {
      return { isRead: false, isSame: false, reason: `${encoding}: ${(error as Error).message}` };
    }
  }
  return { isRead: true, isSame: true };
}

/** A publisher may write no undeclared name, and no text that has not its format: what the maker's schema leaves open. */
function explains(reasons: ReadonlySet<string>): boolean {
  const known = ["is not in the contract", ...Object.values(formatNouns).map((noun) => `must be ${noun}`)];
  return known.some((reason) => reasons.has(reason));
}

/** A message about a value without the value. */
function kindOf(text: string): string {
  return text.replace(/, got [\s\S]*$/, "").replace(/^must be one of [\s\S]*$/, "must be one of its values");
}
