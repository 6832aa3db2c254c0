import { describe, expect, it } from "vitest";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { buildModel, type Model } from "../../../codegen/model/model.js";
import { filesNamedBy, isDefinition } from "../../../codegen/model/reference.js";
import { type Files, problemsOf, sound, textsOf } from "../catalogue.js";

const FILE = "types/a.json";
const to = ($ref: string): object => ({ type: "object", properties: { a: { $ref } } });
const problemsOfRef = ($ref: string, further: Files = {}): Promise<readonly string[]> =>
  problemsOf({ ...sound, ...further, [FILE]: to($ref) });

describe("a $ref that leads nowhere", () => {
  const colon = 'the file "types/or:der.json" does not exist (did you mean "order.json"?)';
  it.each([
    ["something:order.json", '"something:order.json" is not a relative path; a $ref may only name files'],
    ["/order.json", '"/order.json" is not a relative path; a $ref may only name files'],
    ["./or:der.json", colon],
    ["or%3Ader.json", colon],
    ["fifty%-of-all-things.json", 'the file "types/fifty%-of-all-things.json" does not exist'],
    ["somewhere-else/there.json", 'the file "types/somewhere-else/there.json" does not exist'],
    ["../envelope/event.json", 'does not exist (did you mean "../envelopes/event.json"?)'],
    ["order.json#/$defs/Unlike", '"types/order.json" contains no "#/$defs/Unlike"'],
    ["order.json#/", '"types/order.json" contains no "#/"'],
    ["#/$defs/OrderIt", '"types/a.json" contains no "#/$defs/OrderIt"'],
    ["order.json#/$defs/Order%49t", 'contains no "#/$defs/OrderIt" (did you mean "order.json#/$defs/OrderId"?)'],
  ])("is reported with what it could mean: %s", async ($ref, sentence) => {
    const [problem = "", ...more] = await problemsOfRef($ref);
    expect(problem).toContain(sentence);
    expect(problem.includes("did you mean")).toBe(sentence.includes("did you mean"));
    expect(more).toEqual([]);
  });

  it("is reported if its file is no schema", async () => {
    expect(await problemsOfRef("list.json", { "types/list.json": [] })).toEqual([
      'schemas/types/a.json:5:15 /properties/a/$ref: "types/list.json" is not a schema',
      "schemas/types/list.json:1:1: must be a schema object",
    ]);
  });
});

/** A catalogue of types, as it is before it is checked. */
const modelOf = (files: Files): Model => buildModel(sourcesOf(textsOf(files), "schemas"), readConfig(undefined).config);

it("a file names the files of its references once, also those that are not there", () => {
  const { bySource } = modelOf({
    [FILE]: { anyOf: [to("b%20c.json"), to("b%20c.json#/$defs/D"), to("../d.json"), to("#/x")] },
    "types/list.json": [],
  });
  const named = new Map([...bySource.keys()].map((source) => [source.path, filesNamedBy(source)]));
  expect(named).toEqual(
    new Map([
      [FILE, ["types/b c.json", "d.json", FILE]],
      ["types/list.json", []],
    ]),
  );
});

it("a $ref is looked for once in each file that holds it", () => {
  const { references, bySource } = modelOf({ [FILE]: to("#"), "types/b.json": to("#"), "c.json": to("types/a.json") });
  const resolved = [...bySource.keys()].map((source) => references.resolve(source, "#"));
  expect(resolved.map((found) => isDefinition(found) && found.name)).toEqual(["C", "A", "B"]);
  for (const [at, source] of [...bySource.keys()].entries()) expect(references.resolve(source, "#")).toBe(resolved[at]);
});
