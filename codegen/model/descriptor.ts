import { defineCommand, defineEvent, defineHealth, defineNotification } from "../../runtime/contract/define.js";
import type { Descriptor } from "../../runtime/contract/descriptor.js";
import type { Model } from "./model.js";

export type { Descriptor };

const define = { event: defineEvent, notification: defineNotification, health: defineHealth } as const;

/** The descriptors that the generated code of a catalogue would have. */
export function descriptorsOf(model: Model): readonly Descriptor[] {
  const { flattener, messages } = model;
  return messages.map(({ kind: { kind }, type, schema, result }): Descriptor => {
    if (kind === "command") return defineCommand(type, flattener.whole(schema), flattener.whole(result?.schema ?? {}));
    return define[kind](type, flattener.whole(schema));
  });
}
