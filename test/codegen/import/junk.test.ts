import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keywords } from "../../../codegen/schema/keyword.js";
import { runs } from "../../support/runs.js";
import { imported } from "./imported.js";

const names = [
  ...keywords.keys(),
  ...["definitions", "dependencies", "additionalItems", "id", "$id", "$anchor", "$dynamicRef", "$recursiveRef"],
  ...[
    "nullable",
    "example",
    "discriminator",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentSchema",
    "__proto__",
  ],
  ...["asyncapi", "channels", "components", "messages", "payload", "operations", "reply", "a"],
];

/** Values that no keyword, one keyword or another expects. */
const { junk } = fc.letrec<{ readonly junk: unknown }>((tie) => ({
  junk: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, "", "a", "#", "#/a", "(", "string", "object", "file:///a", "::"),
    fc.array(tie("junk"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("junk"), { maxKeys: 4, noNullPrototype: true }),
    fc.dictionary(fc.constantFrom(...names), tie("junk"), { maxKeys: 8, noNullPrototype: true }),
  ),
}));

const drafts = ["04", "06", "07", "2019-09", "2020-12"] as const;

describe("a document of junk", () => {
  it.each(["payload", "message"] as const)(
    "is imported or refused as %s, and the generator never fails",
    async (as) => {
      await fc.assert(
        fc.asyncProperty(junk, junk, fc.constantFrom(...drafts), fc.boolean(), async (a, version, draft, each) => {
          const texts = { "a.json": JSON.stringify({ type: "object", a }), "b.json": JSON.stringify(a) };
          const api = JSON.stringify({ asyncapi: "2.0.0", channels: a, components: version, operations: a });
          const { files, hindrances } = await imported({ ...texts, "c.json": api }, { draft, as, each });
          expect(Object.keys(files).length + hindrances.length).toBeGreaterThan(0);
          for (const { sentence } of hindrances) expect(sentence).not.toMatch(/undefined|\bat \S+:\d+|NaN|\[object/);
        }),
        runs(60),
      );
    },
    120_000,
  );
});
