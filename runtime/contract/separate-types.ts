import type { Ajv2020, ValidateFunction } from "ajv/dist/2020.js";
import type { DataValidateFunction } from "ajv/dist/types/index.js";
import type { JsonSchema } from "./json-schema.js";

const POINTER = "#/$defs/";

/**
 * Makes an Ajv compile each type by itself, when a value first needs it. Otherwise it compiles what a `$ref` leads to
 * inside of the type that holds it, and a chain of some hundred types exhausts the stack.
 *
 * @param verdicts - where the verdicts of one check are kept: a value is then checked once for each type, by however many
 * ways it is reached. To be emptied before each check
 */
export function separateTypes(
  ajv: Ajv2020,
  typeOf: (name: string) => JsonSchema | undefined,
  verdicts?: Verdicts,
): void {
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
        const known = verdicts?.of(name, value);
        if (known !== undefined) {
          // What is wrong with it was told the first time: by each way again, it would be told exponentially often.
          // Where that was only a test, as in `not`, this is all that is left of it.
          const instancePath = place?.instancePath ?? "";
          validate.errors = known ? [] : [{ keyword: "$ref", instancePath, schemaPath: "", params: {} }];
          return known;
        }
        const check = checkOf(name);
        const isValid = check(value, place) as boolean;
        validate.errors = check.errors ?? [];
        verdicts?.keep(name, value, isValid);
        return isValid;
      };
      return validate;
    },
  });
}

/** Which objects and lists keep which types. */
export class Verdicts {
  readonly #byType = new Map<string, Map<object, boolean>>();

  of(type: string, value: unknown): boolean | undefined {
    return typeof value === "object" && value !== null ? this.#byType.get(type)?.get(value) : undefined;
  }

  keep(type: string, value: unknown, isValid: boolean): void {
    if (typeof value !== "object" || value === null) return;
    const known = this.#byType.get(type);
    if (known === undefined) this.#byType.set(type, new Map([[value, isValid]]));
    else known.set(value, isValid);
  }

  clear(): void {
    this.#byType.clear();
  }
}
