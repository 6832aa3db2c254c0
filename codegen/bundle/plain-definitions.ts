import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import { mapSchemas } from "../../runtime/contract/map-schema.js";

const POINTER = "#/$defs/";

/** A flat schema with the definitions that it leads to, each by a name that needs no escaping in a reference or a program. */
export function withPlainDefinitions({ $defs = {}, ...root }: JsonSchema): JsonSchema {
  const names = new Map<string, string>();
  const nameOf = (given: string): string => {
    const known = names.get(given);
    if (known !== undefined) return known;
    const name = distinct(plain(given), new Set(names.values()));
    names.set(given, name);
    return name;
  };
  const rename = (schema: JsonSchema): JsonSchema => {
    const inner = mapSchemas(schema, rename);
    return inner.$ref === undefined
      ? inner
      : { ...inner, $ref: `${POINTER}${nameOf(inner.$ref.slice(POINTER.length))}` };
  };
  const renamed = rename(root);
  const definitions: Record<string, JsonSchema> = {};
  // A map visits what is added to it on the way.
  for (const [given, name] of names) definitions[name] = rename($defs[given] ?? {});
  return names.size === 0 ? renamed : { ...renamed, $defs: definitions };
}

/** `Order!` is the closed form of `Order`; `!3 7` closes what several schemas describe together. */
function plain(name: string): string {
  const kept = name.replace(/[^A-Za-z0-9_]/g, "");
  return name.startsWith("!") || !/^[A-Za-z_]/.test(kept) ? "Closed" : kept;
}

function distinct(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2, each = name; ; each = `${name}${number++}`) if (!taken.has(each)) return each;
}
