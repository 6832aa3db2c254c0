import { typesOf } from "../model/implies.js";
import type { Definition } from "./definition.js";
import { type Hindrance, hindrance } from "./document.js";
import type { Entry } from "./entry.js";
import type { Raw } from "./raw.js";
import { targetOf } from "./rewrite.js";

/** What hinders a message whose schema describes no object: a message carries one. */
export function otherThanObject(
  { place, kind }: Entry,
  carried: Definition,
  schemaOf: (definition: Definition) => Raw,
): Hindrance | undefined {
  const passed = new Set<Definition>();
  let schema: Raw = {};
  for (let at: Definition | undefined = carried; at !== undefined && !passed.has(at); at = targetOf(schema)) {
    passed.add(at);
    schema = schemaOf(at);
  }
  const types = typesOf(schema);
  if (types === undefined || types.includes("object")) return undefined;
  const message = kind === "event" ? `an ${kind}` : `a ${kind}`;
  const sentence = `describes no object but "${types.join('" or "')}", and ${message} carries an object; wrap it, or import it with --kind type`;
  return hindrance(place, "no-object", sentence);
}
