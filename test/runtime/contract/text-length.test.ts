import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { checkLengthsFirst } from "../../../runtime/contract/text-length.js";
import { runs } from "../../support/runs.js";

/** Characters of one and of two code units, and halves of the latter. */
const texts = fc.string({ unit: fc.constantFrom("a", "ß", "😀", "\ud83d", "\ude00"), maxLength: 12 });

describe.each(["minLength", "maxLength"])("%s", (keyword) => {
  it("asks of every text what Ajv's own, which counts each character, asks", () => {
    const quick = new Ajv2020();
    checkLengthsFirst(quick);
    const slow = new Ajv2020();
    for (const limit of [0, 1, 2, 3, 5, 8]) {
      const schema = { type: "string", [keyword]: limit };
      const accepts = quick.compile(schema);
      const counts = slow.compile(schema);
      void fc.assert(
        fc.property(texts, (text) => accepts(text) === counts(text)),
        runs(300),
      );
    }
  });
});
