import type { Schema } from "../schema/schema.js";

/** Why a schema accepts no value: the keyword to blame, and what is wrong with it. */
export interface Fault {
  readonly keyword: string;
  readonly sentence: string;
}

/** The shortest and the longest text of a format. */
const lengths: Readonly<Record<string, readonly [shortest: number, longest: number]>> = {
  "date-time": [17, Number.POSITIVE_INFINITY],
  date: [10, 10],
  time: [9, Number.POSITIVE_INFINITY],
  uuid: [36, 36],
  ipv4: [7, 15],
  ipv6: [2, 45],
  hostname: [1, 253],
  email: [3, Number.POSITIVE_INFINITY],
  uri: [2, Number.POSITIVE_INFINITY],
};

/**
 * Why the bounds of a schema leave no value of a type.
 *
 * @param distinct how many different items a list can have
 */
export function rangeFault(schema: Schema, type: string, distinct: number): Fault | undefined {
  switch (type) {
    case "string":
      return textFault(schema);
    case "number":
    case "integer":
      return numberFault(schema, type === "integer");
    case "array":
      return listFault(schema, distinct);
    case "object":
      return objectFault(schema);
    default:
      return undefined;
  }
}

function textFault({ minLength = 0, maxLength = Number.POSITIVE_INFINITY, format }: Schema): Fault | undefined {
  if (minLength > maxLength) return crossed("maxLength", maxLength, "minLength", minLength);
  const [shortest, longest] = lengths[format ?? ""] ?? [0, Number.POSITIVE_INFINITY];
  if (shortest > maxLength) return outside("maxLength", `every text of the format "${format}" is longer`);
  if (longest < minLength) return outside("minLength", `every text of the format "${format}" is shorter`);
  return undefined;
}

function numberFault(schema: Schema, isInteger: boolean): Fault | undefined {
  const bounds = schema as Readonly<Record<string, number | undefined>>;
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = bounds;
  const { exclusiveMinimum = Number.NEGATIVE_INFINITY, exclusiveMaximum = Number.POSITIVE_INFINITY } = bounds;
  const low = exclusiveMinimum >= minimum ? "exclusiveMinimum" : "minimum";
  const high = exclusiveMaximum <= maximum ? "exclusiveMaximum" : "maximum";
  const [least, most] = [Math.max(minimum, exclusiveMinimum), Math.min(maximum, exclusiveMaximum)];
  const isOpen = (low === "exclusiveMinimum" && low in schema) || (high === "exclusiveMaximum" && high in schema);
  if (least > most || (least === most && isOpen)) return crossed(high, most, low, least);
  const step = bounds["multipleOf"] ?? (isInteger ? 1 : undefined);
  // Fractions cannot be counted exactly.
  if (step === undefined || !Number.isInteger(step) || !Number.isFinite(least) || !Number.isFinite(most))
    return undefined;
  let first = Math.ceil(least / step) * step;
  if (first === least && exclusiveMinimum === least) first += step;
  const isBelow = exclusiveMaximum === most ? first < most : first <= most;
  if (isBelow) return undefined;
  const what = step === 1 ? "whole number" : `multiple of ${step}`;
  return outside(high, `no ${what} is between it and "${low}", ${least}`);
}

function listFault(schema: Schema, distinct: number): Fault | undefined {
  const { minItems = 0, prefixItems = [] } = schema;
  const { maxItems = Number.POSITIVE_INFINITY, uniqueItems } = schema as { maxItems?: number; uniqueItems?: boolean };
  const items: unknown = schema.items;
  if (minItems > maxItems) return crossed("maxItems", maxItems, "minItems", minItems);
  if (items === false && minItems > prefixItems.length) {
    return outside("items", `the list can have ${prefixItems.length} items, and "minItems" is ${minItems}`);
  }
  if (uniqueItems === true && minItems > distinct) return outside("minItems", `only ${distinct} different items exist`);
  const { contains, minContains = 1 } = schema as Readonly<Record<string, unknown>>;
  if (contains !== undefined && Number(minContains) > maxItems) {
    return outside("maxItems", `"contains" demands ${String(minContains)}`);
  }
  return undefined;
}

function objectFault(schema: Schema): Fault | undefined {
  const { required = [] } = schema;
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema as Counts;
  if (minProperties > maxProperties) return crossed("maxProperties", maxProperties, "minProperties", minProperties);
  const needed = new Set(required).size;
  return needed > maxProperties ? outside("maxProperties", `${needed} properties are required`) : undefined;
}

interface Counts {
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

/** Keywords that may declare names beside those of `properties`. */
const declaring = ["patternProperties", "anyOf", "oneOf", "allOf", "if", "then", "else", "dependentSchemas"];

/** Why a publisher cannot write an object: it needs more properties than are declared. */
export function namesFault(schema: Schema): readonly Fault[] {
  const { type, properties = {}, additionalProperties = false, $ref, const: constant, enum: values } = schema;
  const isFree = additionalProperties !== false || [$ref, constant, values].some((value) => value !== undefined);
  if (type !== "object" || isFree || declaring.some((keyword) => keyword in schema)) return [];
  const declared = Object.keys(properties).length;
  if (((schema as Counts).minProperties ?? 0) <= declared) return [];
  return [outside("minProperties", `a publisher may write only the ${declared} declared properties`)];
}

function crossed(high: string, most: number, low: string, least: number): Fault {
  return { keyword: high, sentence: `leaves no value: it is ${most}, and "${low}" is ${least}` };
}

function outside(keyword: string, why: string): Fault {
  return { keyword, sentence: `leaves no value: ${why}` };
}
