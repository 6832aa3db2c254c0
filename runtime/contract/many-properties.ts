import type { Ajv2020 } from "ajv/dist/2020.js";
import { constantOf, isEmptySchema, placeIn, writeOneOf, writeOtherwise } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";

/** So many properties take an object that has none of them as long as its own take. */
export const MANY_PROPERTIES = 100;

/** Makes an Ajv look up what describes each property of an object. It looks for each that is declared: 10,000 in each item. */
export function lookUpProperties(ajv: Ajv2020): void {
  writeOtherwise(ajv, "properties", (context) => {
    const { gen, data, schema, it } = context;
    const names = Object.keys(schema).filter((name) => !isEmptySchema(schema[name]));
    if (names.length < MANY_PROPERTIES) return false;
    const { _ } = loadAjv();
    const place = gen.scopeValue("func", { ref: placeIn, code: _`checkSupport.placeIn` });
    const list = constantOf(gen, names);
    const valid = gen.name("valid");
    gen.var(valid, true);
    gen.forIn("name", data, (name) => {
      const at = gen.const("at", _`${place}(${list}, ${name})`);
      gen.if(_`${at} >= 0 && ${data}[${name}] !== undefined`, () => {
        writeOneOf(gen, at, names.length, (each) => {
          const property = names[each] as string;
          context.subschema({ keyword: "properties", schemaProp: property, dataProp: property }, valid);
        });
        if (!it.allErrors) gen.if(_`!${valid}`, () => gen.break());
      });
    });
    context.ok(valid);
    return true;
  });
}
