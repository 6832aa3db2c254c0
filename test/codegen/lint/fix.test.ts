import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edited } from "../../../codegen/lint/fix.js";
import { lint } from "../../../codegen/lint/lint.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { valueAt } from "../../../codegen/schema/pointer.js";
import { walk } from "../../../codegen/schema/walk.js";
import { runs } from "../../support/runs.js";
import { schema as anySchema, definitions } from "../diff/random-edit.js";

const { config } = readConfig(undefined);

/** The text of a file after all its fixes. */
function fixed(text: string): string {
  const findings = lint(sourcesOf(new Map([["types/a.json", text]]), "schemas"), config);
  return edited(
    text,
    findings.flatMap(({ edit }) => (edit === undefined ? [] : [edit])),
  );
}

describe("a fix of the lint", () => {
  it.each([
    [
      "one line",
      '{"properties":{"email":{"type":"string"}}}',
      '{"properties":{"email":{"type":"string","sensitive":true}}}',
    ],
    [
      "one line with spaces",
      '{ "properties": { "email": { "type": "string" } } }\n',
      '{ "properties": { "email": { "type": "string", "sensitive": true } } }\n',
    ],
    ["an empty schema", '{ "properties": { "email": {} } }', '{ "properties": { "email": { "sensitive": true } } }'],
    [
      "a false mark",
      '{ "properties": { "email": { "sensitive": false, "type": "string" } } }',
      '{ "properties": { "email": { "sensitive": true, "type": "string" } } }',
    ],
    [
      "before a description, with tabs and CRLF",
      '{\r\n\t"properties": {\r\n\t\t"email": {\r\n\t\t\t"type": "string",\r\n\t\t\t"description": "x"\r\n\t\t}\r\n\t}\r\n}\r\n',
      '{\r\n\t"properties": {\r\n\t\t"email": {\r\n\t\t\t"type": "string",\r\n\t\t\t"sensitive": true,\r\n\t\t\t"description": "x"\r\n\t\t}\r\n\t}\r\n}\r\n',
    ],
    [
      "within a list, with names that need an escape",
      '{ "allOf": [{ "properties": { "a/~b": { "properties": { "email": { "type": "string" } } } } }] }',
      '{ "allOf": [{ "properties": { "a/~b": { "properties": { "email": { "type": "string", "sensitive": true } } } } }] }',
    ],
    [
      "idle exceptions",
      '{ "lintIgnore": { "closed-enum": "x" }, "properties": { "a": { "type": "integer", "lintIgnore": { "closed-enum": "x", "untagged-choice": "y" } } } }',
      '{ "properties": { "a": { "type": "integer" } } }',
    ],
    [
      "an idle exception beside one that is needed",
      '{ "properties": { "a": {\n  "lintIgnore": {\n    "closed-enum": "x",\n    "unbounded-text": "free"\n  },\n  "type": "string"\n} } }',
      '{ "properties": { "a": {\n  "lintIgnore": {\n    "unbounded-text": "free"\n  },\n  "type": "string"\n} } }',
    ],
    [
      "an exception alone",
      '{ "properties": { "a": { "lintIgnore": { "closed-enum": "x" } } } }',
      '{ "properties": { "a": {  } } }',
    ],
  ])("keeps the rest of the text as it is: %s", (_, text, expected) => {
    expect(fixed(text)).toBe(expected);
    expect(fixed(expected)).toBe(expected);
  });

  it("changes nothing but marks, in any catalogue, and leaves nothing to be fixed", () => {
    const names = fc.constantFrom("email", "a", "phone", "to", "token");
    const properties = fc.dictionary(names, anySchema, { maxKeys: 4, noNullPrototype: true });
    const indent = fc.constantFrom(undefined, 2, "\t");
    fc.assert(
      fc.property(properties, indent, (named, space) => {
        const before = JSON.stringify({ type: "object", properties: named, $defs: definitions }, null, space);
        const after = fixed(before);
        expect(fixed(after)).toBe(after);
        const without = (text: string): unknown =>
          JSON.parse(text, (key, value: unknown) => (key === "sensitive" ? undefined : value));
        expect(without(after)).toEqual(without(before));
      }),
      runs(40),
    );
  });
});

describe("the lint", () => {
  it("never fails, and every place that it names is there", () => {
    fc.assert(
      fc.property(fc.array(anySchema, { minLength: 1, maxLength: 3 }), (made) => {
        const files = made.map(
          (one, at) => [`types/${"abc"[at]}.json`, JSON.stringify({ ...one, $defs: definitions }, null, 1)] as const,
        );
        const sources = sourcesOf(new Map(files), "schemas");
        for (const { file, line, column, pointer, sentence, edit } of lint(sources, config)) {
          const source = sources.schemas.find(({ shownPath }) => shownPath === file);
          const path = pointer
            .split("/")
            .slice(1)
            .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
          expect(path.length === 0 ? source?.value : valueAt(source?.value, path)).toBeDefined();
          expect(source?.text.split("\n")[line - 1]?.length).toBeGreaterThanOrEqual(column);
          expect(sentence).not.toBe("");
          if (edit !== undefined) expect(walk(source?.schema ?? {}).map(([at]) => at)).toContainEqual(edit.path);
        }
      }),
      runs(60),
    );
  });
});
