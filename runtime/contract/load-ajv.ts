import * as ajv from "ajv/dist/2020.js";

/** Ajv. The built package loads it with the first call, see `.ci/build.ts`: who never compiles a schema does without. */
export function loadAjv(): typeof ajv {
  return ajv;
}
