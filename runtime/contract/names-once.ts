import type { Ajv2020, CodeGen, Name } from "ajv/dist/2020.js";
import type { JsonSchema } from "./json-schema.js";
import { definitionIn } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";
import { MANY_PROPERTIES } from "./many-properties.js";

/** Keywords that go through the names of an object. */
const NAMING = ["properties", "patternProperties", "additionalProperties", "propertyNames"];

/**
 * Makes an Ajv list the names of an object once, where several keywords go through them. Of an object with 100,000 names, each
 * list takes longer than what is said of the names.
 */
export function listNamesOnce(ajv: Ajv2020): void {
  const { _ } = loadAjv();
  /** The variable of the names, by what Ajv knows of the object while it writes its check. */
  const lists = new WeakMap<object, Name>();
  for (const keyword of NAMING) {
    const definition = definitionIn(ajv, keyword);
    const code = definition.code.bind(definition);
    definition.code = (context, type) => {
      const { gen, data, it } = context;
      const { forIn } = gen;
      if (NAMING.filter((each) => goesThroughNames(each, it.schema)).length < 2) return code(context, type);
      gen.forIn = (name, object, body, ...others): CodeGen => {
        if (object !== data) return forIn.call(gen, name, object, body, ...others);
        const list = lists.get(it) ?? gen.const("names", _`Object.keys(${data})`);
        lists.set(it, list);
        return gen.forRange("i", 0, _`${list}.length`, (at) => {
          const each = gen.name("name");
          gen.var(each, _`${list}[${at}]`);
          body(each);
        });
      };
      code(context, type);
      gen.forIn = forIn;
    };
  }
}

function goesThroughNames(keyword: string, schema: JsonSchema): boolean {
  if (keyword === "properties") return Object.keys(schema.properties ?? {}).length >= MANY_PROPERTIES;
  return schema[keyword] !== undefined;
}
