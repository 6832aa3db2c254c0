import type { Ajv2020, KeywordCxt } from "ajv/dist/2020.js";
import { areEqual, hasParts } from "./equal.js";
import { constantOf, writeOtherwise } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";
import { hashOf } from "./value-hash.js";

/** Of fewer values it takes no longer to compare each. */
const MANY = 16;

/**
 * Makes an Ajv look a value up among many that are allowed, and compare objects as JSON has them. By itself it compares each:
 * 10,000 for each item of a list took seconds. And it calls the `toString` of an object, which in a message may be anything.
 */
export function lookUpAllowed(ajv: Ajv2020): void {
  writeOtherwise(ajv, "enum", (context) => {
    const values: readonly unknown[] = context.schema;
    return (values.length >= MANY || values.some(hasParts)) && writeLookUp(context, values);
  });
  writeOtherwise(ajv, "const", (context) => hasParts(context.schema) && writeLookUp(context, [context.schema]));
}

function writeLookUp(context: KeywordCxt, values: readonly unknown[]): true {
  const { _ } = loadAjv();
  const name = context.gen.scopeValue("func", { ref: isOneOf, code: _`checkSupport.isOneOf` });
  context.pass(_`${name}(${context.data}, ${constantOf(context.gen, values)})`);
  return true;
}

interface Allowed {
  readonly plain: ReadonlySet<unknown>;
  /** Objects and lists, by their hash. */
  readonly parts: ReadonlyMap<number, readonly unknown[]>;
  /** How many levels the deepest of them has. What a value has below is not looked into: it may be very large. */
  readonly levels: number;
}

const NONE: readonly unknown[] = [];
const known = new WeakMap<readonly unknown[], Allowed>();

/** Also what written checks call. */
export function isOneOf(value: unknown, values: readonly unknown[]): boolean {
  const allowed = known.get(values) ?? allowedBy(values);
  if (!hasParts(value)) return allowed.plain.has(value);
  for (const each of allowed.parts.get(hashOf(value, allowed.levels)) ?? NONE) if (areEqual(each, value)) return true;
  return false;
}

function allowedBy(values: readonly unknown[]): Allowed {
  const parts = new Map<number, unknown[]>();
  const levels = values.reduce<number>((most, each) => Math.max(most, levelsOf(each)), 0);
  for (const each of values.filter(hasParts)) {
    const hash = hashOf(each, levels);
    parts.set(hash, [...(parts.get(hash) ?? []), each]);
  }
  const allowed = { plain: new Set(values.filter((each) => !hasParts(each))), parts, levels };
  known.set(values, allowed);
  return allowed;
}

function levelsOf(value: unknown): number {
  if (!hasParts(value)) return 0;
  return 1 + Object.values(value).reduce<number>((most, each) => Math.max(most, levelsOf(each)), 0);
}
