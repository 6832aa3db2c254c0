import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Scratch } from "../scratch.js";
import { run } from "./imported.js";
import { OrderPlaced } from "./shop.js";

const shop = fileURLToPath(new URL("shop.ts", import.meta.url));

describe("a module with schemas", () => {
  it("of zod becomes an event for each exported schema, and says which zod cannot describe", async () => {
    await using scratch = await Scratch.create({});
    const { files, hindrances, rules } = await run(shop, scratch);
    expect(Object.keys(files).filter((path) => path.startsWith("events/"))).toEqual([
      "events/order.placed.json",
      "events/tree.grown.json",
      "events/order.cancelled.json",
    ]);
    expect(files["types/order.placed.json"]).toMatchObject({
      title: "OrderPlacedData",
      properties: { to: { $ref: "#/$defs/Address" }, note: { type: ["string", "null"] } },
    });
    expect(files["types/order.cancelled.json"]?.["$defs"]).toBeUndefined();
    expect(rules).toContain("equal-definition");
    expect(hindrances).toEqual([
      {
        file: `${shop} (Dated)`,
        pointer: "",
        rule: "no-json-schema",
        sentence: expect.stringMatching(/^zod cannot say it as JSON Schema: Date cannot be represented/) as string,
      },
    ]);
    // What the catalogue's example carries, zod takes as well.
    const [example] = (files["events/order.placed.json"]?.["examples"] ?? []) as readonly {
      readonly after_data: unknown;
    }[];
    expect(OrderPlaced.safeParse(example?.after_data).error).toBeUndefined();
  });

  it("of any other maker is asked for its JSON Schema, also if schemas are functions", async () => {
    await using scratch = await Scratch.create({});
    await scratch.write(
      "contracts.mjs",
      `const schema = { type: "object", properties: { a: { type: "string" } } };
const jsonSchema = { input: ({ target }) => ({ $schema: target === "draft-2020-12" ? undefined : "wrong", ...schema }), output: () => ({}) };
export const orderPaid = Object.assign(() => {}, { "~standard": { version: 1, vendor: "own", jsonSchema } });
export const older = { "~standard": { version: 1, vendor: "zod", validate: () => ({ value: 1 }) } };
const saying = (schema) => ({ "~standard": { version: 1, vendor: "own", jsonSchema: { input: () => schema } } });
const deep = (level) => (level === 0 ? {} : { not: deep(level - 1) });
const circle = {};
circle.not = circle;
export const [a, b, c, d] = [undefined, "text", deep(300), circle].map(saying);
export default { "~standard": { version: 1, vendor: "own", jsonSchema } };
`,
    );
    const { files, hindrances } = await run(scratch.path("contracts.mjs"), scratch);
    expect(Object.keys(files).filter((path) => path.startsWith("events/"))).toEqual([
      "events/contracts.json",
      "events/order.paid.json",
    ]);
    expect(hindrances.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^own cannot say it as JSON Schema: /),
      "own gives no schema of it",
      "is nested more than 200 levels deep; give parts of it names",
      expect.stringMatching(/^own cannot say it as JSON Schema: Converting circular structure/),
      "zod gives no JSON Schema of it in this version; zod has it since 4.2",
    ]);
  });

  it.each([
    ["throws", 'throw new Error("no database\\nat line 1");', /contracts\.mjs cannot be loaded: no database$/],
    ["imports what is not there", 'import "./nowhere.mjs";', /contracts\.mjs cannot be loaded: /],
    ["exports no schema", "export const a = 1;", /contracts\.mjs exports no schema: export values with "~standard"/],
  ])("is refused if it %s", async (_, text, refusal) => {
    await using scratch = await Scratch.create({});
    await scratch.write("contracts.mjs", text);
    await expect(run(scratch.path("contracts.mjs"), scratch)).rejects.toThrow(refusal);
  });

  it("is refused if no such package is installed", async () => {
    await using scratch = await Scratch.create({});
    await expect(run("@acme/no-contracts", scratch)).rejects.toThrow(/^@acme\/no-contracts cannot be loaded: /);
  });
});
