import type { Ajv2020, ValidateFunction } from "ajv/dist/2020.js";
import type { DataValidateFunction } from "ajv/dist/types/index.js";
import type { JsonSchema } from "./json-schema.js";

const POINTER = "#/$defs/";

/**
 * Makes an Ajv compile each type by itself, when a value first needs it. Otherwise it compiles what a `$ref` leads to
 * inside of the type that holds it, and a chain of some hundred types exhausts the stack.
 */
export function separateTypes(ajv: Ajv2020, typeOf: (name: string) => JsonSchema | undefined): void {
  const checks = new Map<string, ValidateFunction>();
  const checkOf = (name: string): ValidateFunction => {
    const known = checks.get(name);
    if (known !== undefined) return known;
    const check = ajv.compile(typeOf(name) ?? {});
    checks.set(name, check);
    return check;
  };
  ajv.removeKeyword("$ref");
  ajv.addKeyword({
    keyword: "$ref",
    schemaType: "string",
    compile: (ref: string): DataValidateFunction => {
      const name = ref.slice(POINTER.length);
      const validate: DataValidateFunction = (value: unknown, place) => {
        const check = checkOf(name);
        const isValid = check(value, place) as boolean;
        validate.errors = check.errors ?? [];
        return isValid;
      };
      return validate;
    },
  });
}
