import type { Ajv2020, CodeGen, Name } from "ajv/dist/2020.js";
import type { JsonSchema } from "./json-schema.js";
import { definitionIn } from "./keyword-code.js";
import { loadAjv } from "./load-ajv.js";
import { MANY_PROPERTIES } from "./many-properties.js";

/** Keywords that go through the names of an object. */
const NAMING = ["properties", "patternProperties", "additionalProperties", "propertyNames"];

/** So many names take longer to list than to look up whether they are listed. */
const MANY_NAMES = 1000;

/** The names of the large objects of the value that is being checked. */
const listed = new Map<object, readonly string[]>();
let isListing = false;

/** What a check calls for the names of an object; also written ones do. */
export function namesOf(value: object): readonly string[] {
  if (!isListing) return Object.keys(value);
  const known = listed.size > 0 ? listed.get(value) : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(value);
  if (names.length >= MANY_NAMES) listed.set(value, names);
  return names;
}

/** From now on the names of an object are listed once. {@link forgetNames} has to follow: its value may change then. */
export function listNames(): void {
  isListing = true;
}

export function forgetNames(): void {
  isListing = false;
  if (listed.size > 0) listed.clear();
}

/**
 * Makes an Ajv list the names of an object once, for all keywords that go through them, and for the check that explains as well. Of
 * an object with 100,000 names, each list takes longer than what is said of the names.
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
      // A loop over a parser's object that is the only one needs no list.
      const isAlone = NAMING.filter((each) => goesThroughNames(each, it.schema)).length < 2;
      if (isAlone && ajv.opts.ownProperties !== true) return code(context, type);
      gen.forIn = (name, object, body, ...others): CodeGen => {
        if (object !== data) return forIn.call(gen, name, object, body, ...others);
        const names = gen.scopeValue("func", { ref: namesOf, code: _`checkSupport.namesOf` });
        const list = lists.get(it) ?? gen.const("names", _`${names}(${data})`);
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
