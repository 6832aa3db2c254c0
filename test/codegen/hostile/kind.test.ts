import { describe, expect, it } from "vitest";
import { CatalogueError, compile, GeneratorError } from "../../../codegen/index.js";
import { during } from "../../../codegen/load/failure.js";
import { load } from "../../../codegen/load/load.js";
import { type Files, generated, problemsOf, sound } from "../catalogue.js";
import { Scratch } from "../scratch.js";

const withType = (schema: unknown): Files => ({ ...sound, "types/a.json": schema });
const object = { type: "object" } as const;

describe("a type that is a choice of itself", () => {
  it.each([
    ["anyOf", { $defs: { T: { anyOf: [{ $ref: "#/$defs/T" }, { type: "string" }] } } }, "/$defs/T/anyOf/0/$ref"],
    ["not", { $defs: { T: { not: { $ref: "#/$defs/T" } } } }, "/$defs/T/not/$ref"],
    ["dependentSchemas", { ...object, dependentSchemas: { a: { $ref: "#" } } }, "/dependentSchemas/a/$ref"],
    [
      "another type",
      { $defs: { T: { oneOf: [{ $ref: "#/$defs/U" }, { type: "string" }] }, U: { allOf: [{ $ref: "#/$defs/T" }] } } },
      "/$defs/T/oneOf/0/$ref",
    ],
  ])("is refused through %s", async (_, schema, pointer) => {
    expect(await problemsOf(withType(schema))).toEqual([
      expect.stringMatching(
        `^schemas/types/a\\.json:\\d+:\\d+ ${pointer.replaceAll("$", "\\$")}: .* is a choice of itself`,
      ),
    ]);
  });
});

describe("a schema that is large or deep", () => {
  it("is generated when types that refer to two others each apply together", async () => {
    const tree = (prefix: string) =>
      Object.fromEntries(
        Array.from({ length: 40 }, (_, at) => [
          `${prefix}${at}`,
          at === 0
            ? { ...object, properties: { [prefix.toLowerCase()]: { type: "string" } } }
            : {
                ...object,
                properties: {
                  l: { $ref: `#/$defs/${prefix}${at - 1}` },
                  r: { $ref: `#/$defs/${prefix}${at - 1}` },
                },
              },
        ]),
      );
    const both = { allOf: [{ $ref: "#/$defs/T39" }, { $ref: "#/$defs/U39" }] };
    const files = await generated(withType({ $defs: { ...tree("T"), ...tree("U"), Both: both } }));
    expect(files.get("types/a.ts")?.length).toBeLessThan(100_000);
  });

  it("is generated with forty levels of choices", async () => {
    const nested = Array.from({ length: 40 }).reduce<object>(
      (inner) => ({
        anyOf: [
          { ...object, properties: { a_property_with_a_long_name: inner } },
          { type: "array", items: { type: "string" } },
        ],
      }),
      { type: "string" },
    );
    expect((await generated(withType(nested))).get("types/a.ts")).toContain("a_property_with_a_long_name?:");
  });

  it.each([201, 100_000])("is refused when it is nested %d levels deep", async (levels) => {
    const text = `${'{"items":'.repeat(levels)}{}${"}".repeat(levels)}`;
    expect(await problemsOf(withType(text))).toEqual([
      "schemas/types/a.json:1:1801: is nested more than 200 levels deep; give parts of it names",
    ]);
  });

  it("is reported with each of its thousands of problems", async () => {
    const properties = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`p${at}`, { type: "strin" }]));
    expect(await problemsOf(withType({ ...object, properties }))).toHaveLength(5000);
  });
});

describe("the top level in the encoding fields", () => {
  const event = sound["events/order.placed.json"];
  const lint = (changes: object): Promise<readonly string[]> =>
    problemsOf({
      "catalogue.json": { encoding: "fields" },
      "events/order.placed.json": {
        description: "An event of its own.",
        ...object,
        properties: { event_type: { const: "order.placed" }, id: { type: "integer" } },
        required: ["event_type"],
        examples: [{ event_type: "order.placed" }],
        ...changes,
      },
    });

  it.each([
    ["patternProperties", { patternProperties: { "^x": { type: "integer" } } }],
    ["additionalProperties", { additionalProperties: { type: "integer" } }],
    ["anyOf", { anyOf: [{ properties: { a: { type: "integer" } } }, { properties: { b: { type: "integer" } } }] }],
    ["dependentSchemas", { dependentSchemas: { id: { properties: { a: { type: "integer" } } } } }],
  ])("is refused with properties of %s", async (keyword, changes) => {
    expect(await lint(changes)).toEqual([expect.stringMatching(`/${keyword}: lets the message have properties`)]);
  });

  it.each(["message_type", "command_type", "notification_type"])("is refused with a property %s", async (name) => {
    const properties = { event_type: { const: "order.placed" }, [name]: { type: "string", minLength: 1 } };
    expect(await lint({ properties })).toEqual([expect.stringContaining("by which readers")]);
  });

  it.each(["hasOwnProperty", "valueOf", "constructor"])(
    "is refused with a property %s in any encoding",
    async (name) => {
      const properties = { ...event.properties, [name]: { type: "string" } };
      expect(await problemsOf({ ...sound, "events/order.placed.json": { ...event, properties } })).toEqual([
        expect.stringContaining(`every object in JavaScript inherits "${name}"`),
      ]);
    },
  );
});

it("refuses or compiles every name that TypeScript or the generated code may use itself", async () => {
  const names =
    `any as async boolean declare from get infer intrinsic is keyof module namespace never number object of out
    override readonly require satisfies set string symbol type undefined unique unknown using void global globalThis
    arguments eval NaN Infinity exports Object Function Symbol Iterator Awaited Partial JsonSchema DeepPartial Facade
    Example Overrides Base Outcome Context MessageContext Handler Handlers Options Message Messaging Payload Result Schema
    Catalogue EventMap Descriptor Publisher Env X0X N0X Root constructor toString`.split(/\s+/);
  await using scratch = await Scratch.create({});
  const event = sound["events/order.placed.json"];
  for (const [at, title] of names.entries()) {
    const type = `order.placed${at}`;
    const asMessage = {
      ...sound,
      "events/order.placed.json": {
        ...event,
        title,
        properties: { ...event.properties, event_type: { const: type } },
        examples: [{ ...event.examples[0], event_type: type }],
      },
    };
    const asType = withType({ title, ...object, properties: { a: { $ref: "#" }, b: { enum: ["x", null] } } });
    for (const [kind, files] of Object.entries({ asMessage, asType })) {
      const compiled = await generated({ ...files, "catalogue.json": { name: "shop" } }).catch((error: unknown) => {
        if (error instanceof CatalogueError) return new Map<string, string>();
        throw error;
      });
      for (const [path, text] of compiled) await scratch.write(`generated/${kind}${at}/${path}`, text);
    }
  }
  expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
}, 180_000);

it("names the file that an unexpected error is about", async () => {
  const fail = (): never => during("printing", "schemas/types/a.json", () => JSON.parse("{") as never);
  expect(fail).toThrow(GeneratorError);
  expect(fail).toThrow(/^schemas\/types\/a\.json: the generator failed while it was printing this, .*SyntaxError/);
  await using scratch = await Scratch.create(sound);
  const sources = load(scratch.path("schemas"));
  const broken = new Proxy(sources, {
    get: () => {
      throw new TypeError("broken");
    },
  });
  await expect(compile(broken, "schemas")).rejects.toThrow(/^schemas: the generator failed .*TypeError: broken/);
});
