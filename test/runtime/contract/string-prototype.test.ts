import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { compileReader } from "../../../runtime/contract/validation.js";

setFlagsFromString("--allow-natives-syntax");
const hasFastProperties = runInNewContext("(object) => %HasFastProperties(object)") as (object: object) => boolean;

it("String.prototype is what V8 compiles methods in from once a check is compiled, though a class extends it", () => {
  (() => class extends String {})();
  expect(hasFastProperties(String.prototype)).toBe(false);

  compileReader({ type: "string" });

  expect(hasFastProperties(String.prototype)).toBe(true);
});
