import { defineCommand, defineEvent, defineHealth, defineNotification } from "../../runtime/contract/define.js";
import type { Descriptor } from "../../runtime/contract/descriptor.js";
import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import type { Schema } from "../schema/schema.js";
import type { Model } from "./model.js";

export type { Descriptor };

const define = { event: defineEvent, notification: defineNotification, health: defineHealth } as const;

/** The descriptors that the generated code of a catalogue would have. */
export function descriptorsOf(model: Model): readonly Descriptor[] {
  const flat = (schema: Schema): JsonSchema => {
    const needed = model.flattener.closure(schema).map((found) => [found.name, model.flattener.definition(found)]);
    return needed.length === 0 ? schema : { ...schema, $defs: Object.fromEntries(needed) };
  };
  return model.messages.map(({ kind: { kind }, type, schema, result }): Descriptor => {
    if (kind === "command") return defineCommand(type, flat(schema), flat(result?.schema ?? {}));
    return define[kind](type, flat(schema));
  });
}
