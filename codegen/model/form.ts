import type { Schema } from "../schema/schema.js";
import { isWithin, typesOf } from "./implies.js";

/** What looking at the forms of a choice needs. */
export interface FormContext {
  /** A flat schema with its own `$ref` resolved; `undefined` as long as the definition is being flattened. */
  readonly peek: (schema: Schema) => Schema | undefined;
}

/**
 * Leaves out the forms of a choice that are about other types than the schema itself. None of its values can have such
 * a form, so the schema accepts and declares the same.
 */
export function withPossibleForms(schema: Schema, { peek }: FormContext): Schema {
  const types = typesOf(schema);
  if (types === undefined) return schema;
  const narrowed: Record<string, unknown> = {};
  for (const keyword of ["anyOf", "oneOf"] as const) {
    const forms = schema[keyword];
    const possible = forms?.filter((form) => {
      const known = typesOf(peek(form) ?? {});
      return known === undefined || known.some((type) => types.some((own) => overlap(type, own)));
    });
    if (possible !== undefined && possible.length > 0 && possible.length < (forms?.length ?? 0)) {
      narrowed[keyword] = possible;
    }
  }
  return Object.keys(narrowed).length === 0 ? schema : { ...schema, ...narrowed };
}

function overlap(a: string, b: string): boolean {
  return isWithin(a, [b]) || isWithin(b, [a]);
}

/** The only form of a choice, and the schema without the choice; `undefined` if it has none with one form. */
export function onlyForm(schema: Schema): readonly [rest: Schema, form: Schema] | undefined {
  for (const keyword of ["anyOf", "oneOf"] as const) {
    const [form, ...more] = schema[keyword] ?? [];
    if (form === undefined || more.length > 0) continue;
    const { [keyword]: _, ...rest } = schema;
    return [rest, form];
  }
  return undefined;
}
