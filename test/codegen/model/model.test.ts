import { describe, expect, it } from "vitest";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { dependentsOf } from "../../../codegen/model/dependent.js";
import { descriptorsOf } from "../../../codegen/model/descriptor.js";
import { buildModel, fileOf, localDefinitions, type Model } from "../../../codegen/model/model.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { type Files, textsOf } from "../catalogue.js";

const modelOf = (files: Files): Model => buildModel(sourcesOf(textsOf(files), "schemas"), readConfig(undefined).config);

const ref = ($ref: string, further: object = {}): object => ({ $ref: `#/$defs/${$ref}`, ...further });
const objectOf = (properties: object): object => ({ type: "object", properties });

/** The model of a file of definitions, and their flat schemas. */
function flatOf($defs: Readonly<Record<string, object>>): { model: Model; flat: (name: string) => Schema | undefined } {
  const model = modelOf({ "types/all.json": { $defs } });
  const flat = (name: string): Schema | undefined => {
    const definition = model.byName.get(name);
    return definition && model.flattener.definition(definition);
  };
  return { model, flat };
}

const problemsOf = ({ flattener }: Model): readonly (readonly string[])[] =>
  flattener.problems.map(({ rule, pointer, sentence }) => [rule, pointer, sentence]);

describe("a message", () => {
  const beat = { description: "A service lives.", $ref: "../types/beat.json" };
  const files = {
    "health/beat.json": beat,
    "types/beat.json": objectOf({ service_name: { type: "string" } }),
    "events/b.json": { ...objectOf({ event_type: { const: "b.done" } }), $defs: { Local: {}, result: {} } },
    "events/a.json": objectOf({ event_type: { const: "c.done" } }),
    "events/z.json": objectOf({ event_type: { const: "a.done" } }),
    "notifications/n.json": objectOf({}),
    "commands/c.json": {
      ...objectOf({ command_type: { const: "do_it" }, payload: objectOf({}) }),
      $defs: { result: { type: "null" }, Other: { type: "string" } },
    },
  };

  it("is ordered by its kind, then by its type", () => {
    const model = modelOf(files);
    expect(model.messages.map(({ type, name }) => [type, name])).toEqual([
      ["a.done", "ADone"],
      ["b.done", "BDone"],
      ["c.done", "CDone"],
      ["do_it", "DoIt"],
      ["n", "NNotification"],
      ["health.beat", "HealthBeat"],
    ]);
  });

  it("is a whole object, also if its file only refers to one", () => {
    const model = modelOf(files);
    expect(model.messages.at(-1)?.schema).toMatchObject({ type: "object", properties: { service_name: {} } });
    expect(model.messages.map(({ result }) => result?.schema)).toEqual([
      ...[undefined, undefined, undefined],
      { type: "null" },
      ...[undefined, undefined],
    ]);
  });

  it("has local definitions: those of its file but its result", () => {
    const model = modelOf(files);
    const locals = model.messages.map((message) => localDefinitions(message, model).map(({ name }) => name));
    expect(locals).toEqual([[], ["Local", "BDoneResult"], [], ["Other"], [], []]);
  });

  it("has a descriptor, as its generated code has", () => {
    const model = modelOf(files);
    expect(descriptorsOf(model).map(({ kind, type }) => [kind, type])).toEqual([
      ["event", "a.done"],
      ["event", "b.done"],
      ["event", "c.done"],
      ["command", "do_it"],
      ["notification", "n"],
      ["health", "health.beat"],
    ]);
    expect(descriptorsOf(model)[3]).toMatchObject({ result: { type: "null" } });
  });

  it("makes its file none of shared definitions", () => {
    const model = modelOf(files);
    expect(model.sharedFiles.map(({ path }) => path)).toEqual(["types/beat"]);
    expect(model.definitions.map(fileOf)).toContain("commands/c");
  });
});

describe("a definition", () => {
  it("is named after its title, its key or its file", () => {
    const { definitions } = modelOf({
      "types/user-name.json": {
        $defs: { id: {}, aB: {}, Whole_name: {}, b: { title: "Bee" }, c: { title: "" } },
        type: "string",
      },
      "types/titled.json": { title: "Other", type: "string" },
      "types/untitled.json": { title: "", type: "string" },
      "commands/c.json": { title: "Do", $defs: { result: { title: "Result" } } },
    });
    expect(definitions.map(({ name, path }) => [name, path.join("/")])).toEqual([
      ["Do", ""],
      ["DoResult", "$defs/result"],
      ["Other", ""],
      ["Untitled", ""],
      ["UserName", ""],
      ["UserNameId", "$defs/id"],
      ["UserNameAB", "$defs/aB"],
      ["WholeName", "$defs/Whole_name"],
      ["Bee", "$defs/b"],
      ["UserNameC", "$defs/c"],
    ]);
  });

  it("is no type if it only describes a file", () => {
    const { definitions, sharedFiles } = modelOf({
      "types/a.json": { description: "Only definitions.", $comment: "So it is.", $defs: { One: {} } },
      "types/b.json": { description: "Nothing at all." },
      "types/c.json": [],
    });
    expect(definitions.map(({ name }) => name)).toEqual(["One"]);
    expect(sharedFiles.map(({ path }) => path)).toEqual(["types/a"]);
  });

  it("comes after those that it refers to, and has the number of those that refer back", () => {
    const { components, definitions } = modelOf({
      "types/a.json": { $defs: { First: ref("Second"), Second: ref("Third"), Third: { items: ref("Second") } } },
    });
    const [first, second, third] = definitions.map((definition) => components.get(definition));
    expect([second === third, first === second]).toEqual([true, false]);
    expect([...components.keys()].at(-1)?.name).toBe("First");
  });

  it("leads to all those that depend on it", () => {
    const { model } = flatOf({ A: {}, B: { items: ref("A") }, C: objectOf({ b: ref("B"), a: ref("A") }), D: ref("D") });
    const dependents = (...names: readonly string[]): readonly string[] =>
      [
        ...dependentsOf(
          model.definitions.filter(({ name }) => names.includes(name)),
          model,
        ),
      ].map(({ name }) => name);
    expect(dependents("A")).toEqual(["A", "B", "C"]);
    expect(dependents("C")).toEqual(["C"]);
    expect(dependents()).toEqual([]);
  });
});

describe("a flat schema", () => {
  it("stands with all that it leads to, sorted by name", () => {
    const { model, flat } = flatOf({
      C: objectOf({ b: ref("B"), a: ref("A"), other: ref("B") }),
      B: objectOf({ c: ref("C") }),
      A: { type: "string" },
    });
    const { flattener } = model;
    const [a, c] = [flat("A"), flat("C")] as [Schema, Schema];
    expect(flattener.closure(c).map(({ name }) => name)).toEqual(["A", "B", "C"]);
    expect(flattener.whole(c)).toEqual({ ...c, $defs: { A: a, B: flat("B"), C: c } });
    expect(flattener.whole(a)).toBe(a);
  });

  it("is what two schemas both accept, or none if they contradict each other", () => {
    const { flattener } = flatOf({}).model;
    expect(flattener.both({ type: "string" }, { minLength: 1 })).toEqual({ type: "string", minLength: 1 });
    expect(flattener.both({ type: "string" }, { type: "integer" })).toBeUndefined();
    expect(flattener.problems).toEqual([]);
  });

  it("accepts anything where a $ref leads nowhere", () => {
    expect(flatOf({ A: objectOf({ a: ref("B"), b: { type: "string" } }) }).flat("A")).toEqual(
      objectOf({ a: {}, b: { type: "string" } }),
    );
  });

  it("is not a choice of itself, which is reported for each on the way", () => {
    const { model, flat } = flatOf({
      A: { anyOf: [{ type: "null" }, ref("B")] },
      B: { oneOf: [ref("A")] },
      C: ref("A"),
    });
    const sentence = (name: string): string => `"${name}" is a choice of itself; put a property or an item between`;
    expect(problemsOf(model)).toEqual([
      ["circular-reference", "/$defs/A/anyOf/1/$ref", sentence("A")],
      ["circular-reference", "/$defs/B/oneOf/0/$ref", sentence("B")],
    ]);
    expect([flat("A"), flat("C")]).toEqual([{ anyOf: [{ type: "null" }, {}] }, {}]);
  });

  it.each(["anyOf", "oneOf", "if", "then", "else", "not"])("leads to itself by no condition: %s", (keyword) => {
    const inner = keyword.endsWith("Of") ? [{ allOf: [ref("A")] }] : { allOf: [ref("A")] };
    const { model } = flatOf({ A: { [keyword]: inner } });
    expect(problemsOf(model).map(([rule]) => rule)).toEqual(["circular-reference"]);
  });

  it("may lead to itself by a property, and to others by a choice", () => {
    const { model } = flatOf({
      A: { anyOf: [ref("B"), ref("C")] },
      B: objectOf({ a: { oneOf: [ref("A"), { type: "null" }] } }),
      C: { type: "array", items: { anyOf: [ref("A"), ref("C")] } },
      D: { allOf: [ref("B")] },
    });
    expect(problemsOf(model)).toEqual([]);
  });

  it("is told to be circular where other keywords stand beside what leads back", () => {
    const { model, flat } = flatOf({ A: objectOf({ a: ref("A", { minProperties: 1 }) }) });
    const sentence = '"A" refers to itself; a circular "$ref" must not have other keywords beside it';
    expect(problemsOf(model)[0]).toEqual(["circular-reference", "/$defs/A/properties/a/$ref", sentence]);
    expect(flat("A")).toEqual(objectOf({ a: { minProperties: 1 } }));
  });

  it("is told to define nothing where references only lead back, also through a choice", () => {
    const both = { allOf: [{ oneOf: [ref("A"), { type: "null" }] }, { type: "object" }] };
    const { model } = flatOf({ A: ref("B"), B: ref("A"), C: both, D: ref("A", { minLength: 1 }) });
    expect(problemsOf(model).map(([rule, , sentence]) => [rule, sentence])).toContainEqual([
      "circular-reference",
      '"A" refers only to itself and defines no schema',
    ]);
  });

  it("contradicts itself where the layer says so that has the keyword", () => {
    const { model } = flatOf({ A: { allOf: [{ type: "integer" }, { allOf: [{ type: "string" }], minLength: 1 }] } });
    expect(problemsOf(model)).toEqual([
      ["contradiction", "/$defs/A/allOf/1/allOf/0/type", 'conflicts with the type of the base schema, "integer"'],
    ]);
  });

  it("keeps a form that leads back to the type that it stands in", () => {
    const next = { allOf: [{ oneOf: [ref("A"), { type: "null" }] }, { type: ["object", "null"] }] };
    const { model, flat } = flatOf({ A: objectOf({ next }) });
    expect(problemsOf(model)).toEqual([]);
    expect(JSON.stringify(flat("A"))).toContain('"$ref":"#/$defs/A"');
  });
});
