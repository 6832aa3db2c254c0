import { CLOSED, extensions } from "../../schema/extension.js";
import { without } from "../raw.js";
import type { Rewrite } from "./step.js";

const keywords: ReadonlyMap<string, string> = new Map(
  Object.entries(extensions).map(([keyword, name]) => [name, keyword]),
);

/** A document that `merp docs` wrote says in extensions what its dialect has no keyword for. */
export const restoreExtensions: Rewrite = (schema, { note }) => {
  const present = Object.keys(schema).filter((name) => keywords.has(name));
  for (const name of present) note("own-extension", name, keywords.get(name));
  if (present.length === 0 && schema[CLOSED] === undefined) return schema;
  const restored = present.map((name) => [keywords.get(name), schema[name]] as const);
  // That a publisher is strict needs not be said in a catalogue.
  return { ...without(schema, CLOSED, ...present), ...Object.fromEntries(restored) };
};
