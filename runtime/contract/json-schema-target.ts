import { UsageError } from "../errors.js";
import type { JsonSchema } from "./json-schema.js";
import { mapSchemas } from "./map-schema.js";

type Mutable = Record<string, unknown>;

/** The versions of JSON Schema that can be made, by their names in Standard JSON Schema. */
const TARGETS: Readonly<Record<string, (schema: JsonSchema) => Mutable>> = {
  "draft-2020-12": (schema) => ({ $schema: "https://json-schema.org/draft/2020-12/schema", ...portable(schema) }),
  "draft-07": (schema) => ({ $schema: "http://json-schema.org/draft-07/schema#", ...toDraft7(portable(schema)) }),
};

/**
 * A contract's schema for other tools: without our own keywords, which strict validators refuse.
 *
 * @throws {UsageError} for a version that is not supported, or that cannot say what the schema says
 */
export function jsonSchemaFor(target: string, schema: JsonSchema): Mutable {
  const make = Object.hasOwn(TARGETS, target) ? TARGETS[target] : undefined;
  if (make !== undefined) return make(structuredClone(schema));
  const known = Object.keys(TARGETS).join(" and ");
  throw new UsageError(
    "CONFIG_INVALID",
    `a contract's schema is available as ${known}, not as ${JSON.stringify(target)}`,
  );
}

function portable(schema: JsonSchema): JsonSchema {
  const { sensitive: _, tolerated: __, sunset: ___, replacedBy: ____, ...rest } = mapSchemas(schema, portable);
  return rest;
}

/** What draft 2020-12 has renamed or split since draft 07 gets its old name. */
function toDraft7(schema: JsonSchema): Mutable {
  const { $defs, $ref, prefixItems, items, dependentRequired, dependentSchemas, ...rest } = mapSchemas(
    schema,
    toDraft7,
  );
  if (rest["minContains"] !== undefined || rest["maxContains"] !== undefined) {
    throw new UsageError("CONFIG_INVALID", 'draft-07 has no "minContains" and no "maxContains"; ask for draft-2020-12');
  }
  const old: Mutable = { ...rest };
  if ($defs !== undefined) old["definitions"] = $defs;
  if (prefixItems !== undefined) {
    old["items"] = prefixItems;
    if (items !== undefined) old["additionalItems"] = items;
  } else if (items !== undefined) old["items"] = items;
  if (dependentRequired !== undefined || dependentSchemas !== undefined) {
    old["dependencies"] = dependencies((dependentRequired ?? {}) as Lists, (dependentSchemas ?? {}) as Schemas);
  }
  if ($ref === undefined) return old;
  const reference = { $ref: $ref.replace("#/$defs/", "#/definitions/") };
  // Draft 07 ignores whatever stands beside a reference.
  return Object.keys(old).length === 0 ? reference : { ...old, allOf: [...((rest["allOf"] as []) ?? []), reference] };
}

type Lists = Readonly<Record<string, readonly string[]>>;
type Schemas = Readonly<Record<string, JsonSchema>>;

/** A name with both kinds of dependency needs both in one schema. */
function dependencies(required: Lists, schemas: Schemas): Mutable {
  const names = new Set([...Object.keys(required), ...Object.keys(schemas)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const schema = schemas[name];
      if (schema === undefined) return [name, required[name]];
      return [name, name in required ? { allOf: [schema, { required: required[name] }] } : schema];
    }),
  );
}
