import type { Ajv2020 } from "ajv/dist/2020.js";
import { definitionOf, type JsonSchema } from "./json-schema.js";
import { constantOf, placeIn, writeOneOf, writeOtherwise } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";

/** Of fewer forms each is tried, and an error tells what each of them demands. */
const MANY_FORMS = 8;

/** A property that has a value of its own in each form of a choice. */
interface Mark {
  readonly name: string;
  readonly values: readonly unknown[];
  /** The form of each value. */
  readonly forms: readonly number[];
}

/**
 * Makes an Ajv try one form of a choice, where a property tells many apart. It tries each: 1,000 for each item of a list.
 * An error then is about the form that is meant.
 */
export function lookUpForms(ajv: Ajv2020, definitions?: JsonSchema["$defs"]): void {
  for (const keyword of ["anyOf", "oneOf"]) {
    const rule = writeOtherwise(ajv, keyword, (context) => {
      const { gen, data, it } = context;
      const $defs = definitions ?? ((it.schemaEnv.root.schema as JsonSchema).$defs as JsonSchema["$defs"]);
      const mark = markOf(context.schema as readonly JsonSchema[], { ...($defs && { $defs }) });
      if (mark === undefined) return false;
      const { _ } = loadAjv();
      const place = gen.scopeValue("func", { ref: placeIn, code: _`checkSupport.placeIn` });
      const valid = gen.let("valid", false);
      const matches = gen.name("_valid");
      const isObject = _`typeof ${data} == "object" && ${data} && !Array.isArray(${data})`;
      const value = _`${isObject} ? ${data}[${mark.name}] : undefined`;
      const at = gen.const("at", _`${place}(${constantOf(gen, mark.values)}, ${value})`);
      context.setParams({ mark: _`${at} < 0 ? ${mark.name} : undefined` });
      gen.if(_`${at} >= 0`, () =>
        writeOneOf(gen, at, mark.values.length, (each) => {
          const form = mark.forms[each] as number;
          context.subschema({ keyword, schemaProp: form, compositeRule: true }, matches);
          gen.assign(valid, matches);
        }),
      );
      context.result(
        valid,
        () => context.reset(),
        () => context.error(true),
      );
      return true;
    });
    rule.error = { message: "", params: ({ params: { mark } }) => loadAjv()._`{mark: ${mark ?? null}}` };
  }
}

/** What tells the forms of a choice apart. */
export function markOf(forms: readonly JsonSchema[], root: JsonSchema): Mark | undefined {
  if (forms.length < MANY_FORMS) return undefined;
  const objects = forms.map((form) => resolved(form, root));
  for (const name of objects[0]?.required ?? []) {
    const each = objects.map((form) => valuesAt(form, name, root));
    if (each.includes(undefined)) continue;
    const values = each.flatMap((one) => one ?? []);
    if (new Set(values).size < values.length) continue;
    return { name, values, forms: each.flatMap((one, form) => (one ?? []).map(() => form)) };
  }
  return undefined;
}

/** The values that a form allows a property to have, if it has to have one of them. */
function valuesAt(form: JsonSchema, name: string, root: JsonSchema): readonly unknown[] | undefined {
  const { type, required = [], properties = {} } = form;
  if (type !== "object" || !required.includes(name) || !Object.hasOwn(properties, name)) return undefined;
  const { const: constant, enum: values = constant === undefined ? undefined : [constant] } = resolved(
    properties[name] ?? {},
    root,
  );
  const isPlain = values?.every((value) => value === null || typeof value !== "object");
  return isPlain ? values : undefined;
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const seen = new Set<JsonSchema>();
  let found = schema;
  while (found.$ref !== undefined && !seen.has(found)) {
    seen.add(found);
    // What stands beside a reference narrows it further.
    found = definitionOf(root, found) ?? {};
  }
  return found;
}
