import type { Upcaster } from "../../runtime/contract/upcaster.js";
import { loadModule } from "../load/module.js";
import { isObject } from "../schema/walk.js";

/** The upcasters that a module exports, one by one or in lists, each once, by the name of the export. */
export async function upcastersOf(path: string): Promise<ReadonlyMap<Upcaster, string>> {
  const exported = await loadModule(path);
  const found = new Map<Upcaster, string>();
  for (const [name, value] of Object.entries(exported).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      // The name of a constant says more than that of the list in which it stands.
      if (isUpcaster(one) && (!found.has(one) || !Array.isArray(value))) found.set(one, name);
    }
  }
  return found;
}

function isUpcaster(value: unknown): value is Upcaster {
  return isObject(value) && isObject(value["from"]) && isObject(value["to"]) && typeof value["upcast"] === "function";
}
