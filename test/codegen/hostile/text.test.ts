import { runInNewContext } from "node:vm";
import { transformSync } from "esbuild";
import fc from "fast-check";
import { expect, it } from "vitest";
import { runs } from "../../support/runs.js";
import { generated, sound } from "../catalogue.js";
import { Scratch } from "../scratch.js";

/** The syntax of everything that the generator writes. What runs, runs `pwned()`. */
const fragment = fc.constantFrom(
  ...["*/", "/*", "//", "/**", "\n", "\r", "\r\n", "\u2028", "\u202e", "\u001b[2J", "\t", " ", " * "],
  ...[
    '"',
    "'",
    "`",
    "\\",
    "$",
    "{pwned()}",
    ";pwned();",
    "pwned()",
    "=>",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "|",
    "&",
  ],
  ...[
    "{{",
    "}}",
    "{{#each a}}",
    "@ts-expect-error",
    "@ts-ignore",
    "@ts-nocheck",
    "@example",
    "@deprecated",
    "{@link a}",
  ],
  ...[
    "$ref",
    "$defs",
    "constructor",
    "toString",
    "prototype",
    "X0X",
    "N1X",
    "shape0: ",
    "[k: string]: ",
    "?: ",
    "a",
    "é",
  ],
  ...["<script>pwned()</script>", "\n\n", "# ", "```", "export const a = pwned();", "import 'a'", "type", "-", "1"],
);
const text = fc.array(fragment, { minLength: 1, maxLength: 6 }).map((fragments) => fragments.join(""));
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.constantFrom(0, -1.5, true, null, { $ref: "/etc/hostname" }, { $ref: "#/$defs/Leaf" }, { $id: "a" }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3 }),
  ),
})).value;

/** A schema in which every place that takes a text or a value has a hostile one. */
const shape = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small" },
    fc.record({ const: json, description: text }),
    fc.record({ enum: fc.array(json, { minLength: 1, maxLength: 3 }), title: text }),
    fc.record({ type: fc.constant("array"), items: tie("schema"), $comment: text }),
    fc.record({ type: fc.constant("object"), additionalProperties: tie("schema"), description: text }),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }), description: text }),
    fc.record({
      type: fc.constant("object"),
      properties: fc.dictionary(text, tie("schema"), { minKeys: 1, maxKeys: 3 }),
      description: text,
    }),
    fc.record({ default: json, examples: fc.array(json, { minLength: 1 }), description: text }),
  ),
})).schema;

const catalogue = fc
  .record({ types: fc.array(shape, { minLength: 1, maxLength: 4 }), name: text, about: text, value: text })
  .map(({ types, name, about, value }) => {
    const event = sound["events/order.placed.json"];
    const properties = { ...event.properties, [name]: { type: "string", description: about, examples: [value] } };
    const files = types.map((type, at) => [`types/t${at}.json`, { title: `T${at}`, ...withoutName(type) }] as const);
    return {
      ...sound,
      ...Object.fromEntries(files),
      "events/order.placed.json": {
        ...event,
        description: `About ${about}`,
        properties,
        required: [...event.required, name],
        examples: [{ ...event.examples[0], [name]: value }],
      },
    };
  })
  .filter(({ "events/order.placed.json": { properties } }) =>
    Object.keys(properties).every((name) => !Object.hasOwn(Object.prototype, name)),
  );

/** Only a property's title may be any text. */
function withoutName(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== "title"));
}

/** Runs a generated file with imports that do nothing, and returns how often it ran `pwned()`. */
function run(file: string): number {
  const { code } = transformSync(file, { loader: "ts", format: "cjs" });
  let count = 0;
  const anything: unknown = new Proxy(Object.bind(undefined), {
    get: (_, key) => (typeof key === "symbol" ? undefined : anything),
    apply: () => undefined,
  });
  runInNewContext(code, { module: { exports: {} }, require: () => anything, pwned: () => count++ });
  return count;
}

it("compiles and runs nothing, whatever the texts of a catalogue are", async () => {
  await fc.assert(
    fc.asyncProperty(catalogue, async (files) => {
      for (const [path, file] of await generated(files)) {
        expect([path, run(file)]).toEqual([path, 0]);
        expect(file.includes("\u001b")).toBe(false);
        // Nothing that hides or reorders what a reader sees.
        expect(file).not.toMatch(/[\u2028\u202e\r]/u);
      }
    }),
    runs(60),
  );
});

it("passes the strictest TypeScript, whatever the texts are", async () => {
  const many = fc.sample(catalogue, { numRuns: 40, seed: 11 });
  const types = many.flatMap((files, at) =>
    Object.entries(files)
      .filter(([path]) => path.startsWith("types/t"))
      .map(([path, type]) => [path.replace("/t", `/t${at}_`), { ...type, title: `T${at}${path.charAt(7)}` }] as const),
  );
  await using scratch = await Scratch.create({});
  const events = many.slice(0, 1).map((files) => ["events/order.placed.json", files["events/order.placed.json"]]);
  const files = { ...sound, ...Object.fromEntries([...types, ...events]) };
  for (const [path, file] of await generated({ ...files, "catalogue.json": { name: "shop" } })) {
    await scratch.write(`generated/${path}`, file);
  }
  expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
}, 120_000);
