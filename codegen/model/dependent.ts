import { namesIn } from "../schema/definition-ref.js";
import type { Definition } from "./definition.js";
import type { Model } from "./model.js";

/** The chosen definitions, and all that refer to them, directly or through others. */
export function dependentsOf(chosen: Iterable<Definition>, model: Model): ReadonlySet<Definition> {
  const found = new Set(chosen);
  if (found.size === 0) return found;
  const users = new Map<string, Definition[]>();
  for (const definition of model.definitions) {
    for (const name of namesIn(model.flattener.definition(definition))) {
      const known = users.get(name);
      if (known === undefined) users.set(name, [definition]);
      else known.push(definition);
    }
  }
  // A set visits what is added to it on the way.
  for (const { name } of found) for (const user of users.get(name) ?? []) found.add(user);
  return found;
}
