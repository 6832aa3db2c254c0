import type { Ajv2020, KeywordCxt } from "ajv/dist/2020.js";
import { areEqual, hasParts } from "./equal.js";
import { constantOf, writeOtherwise } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";
import { itemKeyOf } from "./unique-items.js";

/** Of fewer values, and of fewer objects and lists, it takes no longer to compare each. */
const [MANY, MANY_PARTS] = [16, 5] as const;

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
  readonly parts: readonly unknown[];
  /** The parts by their keys, if they are several. */
  readonly byKey: ReadonlyMap<unknown, unknown> | undefined;
}

const known = new WeakMap<readonly unknown[], Allowed>();

/** Also what written checks call. */
export function isOneOf(value: unknown, values: readonly unknown[]): boolean {
  let allowed = known.get(values);
  if (allowed === undefined) {
    const parts = values.filter(hasParts);
    const byKey = parts.length < MANY_PARTS ? undefined : new Map(parts.map((part) => [itemKeyOf(part), part]));
    allowed = { plain: new Set(values.filter((each) => !hasParts(each))), parts, byKey };
    known.set(values, allowed);
  }
  if (!hasParts(value)) return allowed.plain.has(value);
  const { parts, byKey } = allowed;
  return byKey === undefined
    ? parts.some((part) => areEqual(part, value))
    : areEqual(byKey.get(itemKeyOf(value)), value);
}
