import type { Ajv2020 } from "ajv/dist/2020.js";
import { isEmptySchema, writeOtherwise } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";
import { patternOf } from "./pattern.js";

/** What Ajv knows of a name: that it is a text. */
const TEXT = 1;

/** Makes an Ajv go through the names of an object once for all patterns. It does so for each: that takes longer than to compare. */
export function matchPatternsTogether(ajv: Ajv2020): void {
  writeOtherwise(ajv, "patternProperties", (context) => {
    const { gen, data, schema, it } = context;
    const patterns = Object.keys(schema).filter((pattern) => !isEmptySchema(schema[pattern]));
    if (patterns.length < 2) return false;
    const { _ } = loadAjv();
    const valid = gen.name("valid");
    gen.var(valid, true);
    gen.forIn("name", data, (name) => {
      for (const pattern of patterns) {
        const regex = gen.scopeValue("pattern", {
          key: String(patternOf(pattern)),
          ref: patternOf(pattern),
          code: _`checkSupport.patternOf(${pattern})`,
        });
        gen.if(_`${regex}.test(${name})`, () => {
          context.subschema(
            { keyword: "patternProperties", schemaProp: pattern, dataProp: name, dataPropType: TEXT },
            valid,
          );
          if (!it.allErrors) gen.if(_`!${valid}`, () => gen.break());
        });
      }
    });
    context.ok(valid);
    return true;
  });
}
