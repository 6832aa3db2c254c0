import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { importCommand } from "../../../codegen/cli/import.js";
import { type Files, sound } from "../catalogue.js";
import { type Outcome, Scratch } from "../scratch.js";
import { runCommand } from "./command.js";

const home = process.cwd();

const order = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Order paid",
  properties: { total: { type: "number", nullable: true }, at: { type: "string", format: "epoch" } },
};

/** A project with files to import, and a catalogue if it is given. */
async function project(files: Files, schemas: Files = {}): Promise<Scratch> {
  const scratch = await Scratch.create(schemas);
  for (const [path, content] of Object.entries(files)) {
    await scratch.write(path, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
  return scratch;
}

async function merpImport({ folder }: Scratch, ...parameters: readonly string[]): Promise<Outcome> {
  process.chdir(folder);
  try {
    return await runCommand(importCommand, ...parameters);
  } finally {
    process.chdir(home);
  }
}

describe("merp import", () => {
  it("writes a catalogue that generates and compiles, and reports each change by file and cause", async () => {
    await using scratch = await project({ "in/order-paid.schema.json": order });
    const { code, stdout, stderr } = await merpImport(scratch, "in");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n")).toEqual([
      "in/order-paid.schema.json",
      "  made-example: a message has an example, and the schema has none that is valid: one is made of the schema",
      "  dialect: every file of a catalogue is of draft 2020-12, so `$schema` is left out: /$schema",
      '  missing-type [tighter]: without a `type` every other value was valid too; it has the type now that it describes: ("object")',
      "  nullable [looser]: it belongs to OpenAPI, and validators of JSON Schema ignore it; null is allowed now: /properties/total/nullable",
      '  format [looser]: nothing here checks this format: it is a `$comment` now: /properties/at/format ("epoch")',
      '  title: the title of a definition would be its name in TypeScript; it is left out, or is the description: /title ("Order paid")',
      "",
      "added schemas/catalogue.json",
      "added schemas/envelopes/event.json",
      "added schemas/events/order.paid.json",
      "added schemas/types/order.paid.json",
      "imported 1 message and 1 type",
      "read them there, then run: merp generate",
      "",
    ]);
    expect((await scratch.merp("generate")).stderr).toBe("");
    await scratch.write(
      "service.ts",
      `import { createMessaging, publishOrderPaid } from "./generated/index.js";
await publishOrderPaid(createMessaging({ service: "shop" }), { entity_id: 7, after_data: { total: null } });
// @ts-expect-error a total is no text
await publishOrderPaid(createMessaging({ service: "shop" }), { entity_id: 7, after_data: { total: "1" } });
`,
    );
    expect(await scratch.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
  }, 120_000);

  it("adds to a catalogue, keeps its names apart, and says of a second run that nothing changed", async () => {
    const withOrder = {
      type: "object",
      properties: { of: { $ref: "#/$defs/Order" } },
      $defs: { Order: { type: "string" } },
    };
    await using scratch = await project({ "in/order-sent.json": withOrder, "in/order-placed.json": order }, sound);
    const { code, stderr } = await merpImport(scratch, "in/order-sent.json");
    expect([code, stderr]).toEqual([0, ""]);
    const types = await readFile(scratch.path("schemas/types/order.sent.json"), "utf8");
    expect(Object.keys((JSON.parse(types) as { readonly $defs: object }).$defs)).toEqual(["OrderSentOrder"]);
    const again = await merpImport(scratch, "in/order-sent.json");
    expect(again.stdout).toContain("unchanged schemas/events/order.sent.json\n");
    expect((await scratch.merp("check")).code).toBe(0);
  }, 60_000);

  it("leaves the types alone that messages of the catalogue need, and the message that is there already", async () => {
    const files = {
      "in/order.json": { type: "object", properties: { id: { type: "string" } } },
      "in/placed.json": order,
    };
    await using scratch = await project(files, sound);
    const { code, stderr } = await merpImport(scratch, "in/order.json", "--kind", "type");
    expect([code, stderr]).toEqual([0, ""]);
    const added = JSON.parse(await readFile(scratch.path("schemas/types/order_2.json"), "utf8")) as object;
    expect(added).toMatchObject({ title: "OrderOrder" });
    expect(await readFile(scratch.path("schemas/types/order.json"), "utf8")).toContain('"OrderId"');
    await rename(scratch.path("schemas/events/order.placed.json"), scratch.path("schemas/events/first.json"));
    const doubled = await merpImport(scratch, "in/placed.json", "--type", "order.placed");
    expect(doubled.code).toBe(1);
    expect(doubled.stderr).toContain(
      "in/placed.json:1:1: would be the event order.placed, which schemas/events/first.json is already; rename one of them",
    );
  });

  it("replaces a file that differs only if it is told to", async () => {
    await using scratch = await project({ "in/order-placed.json": order }, sound);
    const before = await readFile(scratch.path("schemas/events/order.placed.json"), "utf8");
    const refused = await merpImport(scratch, "in/order-placed.json");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe(
      "refused nothing was written: schemas/events/order.placed.json would be replaced; --force does so\n",
    );
    expect(await readFile(scratch.path("schemas/events/order.placed.json"), "utf8")).toBe(before);
    expect(existsSync(scratch.path("schemas/types/order.placed.json"))).toBe(false);
    const forced = await merpImport(scratch, "in/order-placed.json", "--force");
    expect([forced.code, forced.stderr]).toEqual([0, ""]);
    expect(forced.stdout).toContain("changed schemas/events/order.placed.json\n");
    expect((await scratch.merp("check")).code).toBe(0);
  }, 60_000);

  it("writes the rest if something is left out, and with --strict nothing", async () => {
    await using scratch = await project({ "in/order-paid.json": order, "in/a.json": '{ "type": ' });
    const strict = await merpImport(scratch, "in", "--strict");
    expect(strict.code).toBe(1);
    expect(strict.stderr).toContain("in/a.json:1:11: invalid JSON: value expected (syntax)\n");
    expect(strict.stderr).toContain("refused nothing was written: something would be left out");
    expect(readdirSync(scratch.folder)).toEqual(["in"]);
    const { code, stdout } = await merpImport(scratch, "in");
    expect([code, stdout.includes("imported 1 message and 1 type")]).toEqual([1, true]);
    expect(existsSync(scratch.path("schemas/events/order.paid.json"))).toBe(true);
  });

  it("writes nothing with --dry-run, and prints the report as JSON if asked to", async () => {
    await using scratch = await project({ "in/order-paid.json": order });
    const { code, stdout } = await merpImport(scratch, "in", "--dry-run", "--format", "json");
    expect(code).toBe(0);
    expect(readdirSync(scratch.folder)).toEqual(["in"]);
    const report = JSON.parse(stdout) as { readonly changes: readonly object[]; readonly files: readonly object[] };
    expect(report).toMatchObject({ messages: 1, types: 1, hindrances: [], isWritten: false });
    expect(report.files).toContainEqual({ path: "schemas/events/order.paid.json", state: "added" });
    expect(report.changes).toContainEqual({
      rule: "nullable",
      file: "in/order-paid.json",
      pointer: "/properties/total/nullable",
      reason: "it belongs to OpenAPI, and validators of JSON Schema ignore it; null is allowed now",
      effect: "looser",
    });
  });

  it.each([
    ["what does not exist", ["nowhere"], /^refused nowhere cannot be loaded: /, 2],
    ["a path that does not exist", ["./nowhere"], /^refused \.\/nowhere does not exist\n$/, 2],
    ["a file that does not exist", ["nowhere.json"], /^refused nowhere\.json does not exist\n$/, 2],
    ["an empty folder", ["empty"], /^refused empty holds no JSON; give the folder with the schemas\n$/, 2],
    ["the catalogue itself", ["schemas"], /^refused schemas is the catalogue itself\n$/, 2],
    [
      "a folder outside of the project",
      ["in", "--schemas", "../elsewhere"],
      /^refused \.\.\/elsewhere is outside of this project/,
      1,
    ],
    [
      "one type for two messages",
      ["two", "--type", "order.paid"],
      /^refused --type names a single message, and there are 2\n$/,
      2,
    ],
  ])("refuses %s", async (_, parameters, refusal, code) => {
    const files = { "in/order-paid.json": order, "empty/a.txt": "", "two/a.json": order, "two/b.json": order };
    await using scratch = await project(files, { "a.txt": "" });
    const outcome = await merpImport(scratch, ...parameters);
    expect(outcome.stderr).toMatch(refusal);
    expect(outcome.code).toBe(code);
    expect(readdirSync(scratch.path("schemas"))).toEqual(["a.txt"]);
  });

  it("follows no link out of the project", async () => {
    await using elsewhere = await project({});
    await using scratch = await project({ "in/order-paid.json": order });
    symlinkSync(elsewhere.folder, scratch.path("schemas"));
    const { code, stderr } = await merpImport(scratch, "in", "--schemas", "schemas/deep");
    expect([code, stderr]).toEqual([1, expect.stringContaining("refused schemas/deep is outside of this project")]);
    expect(readdirSync(elsewhere.folder)).toEqual([]);
  });

  it("names the problems of a catalogue that had them before", async () => {
    await using scratch = await project(
      { "in/order-paid.json": order },
      { ...sound, "types/a.json": { type: "strin" } },
    );
    const { code, stderr } = await merpImport(scratch, "in");
    expect(code).toBe(2);
    expect(stderr).toContain('"strin" is not a type of JSON Schema\n --> schemas/types/a.json:2:11 /type\n');
    expect(existsSync(scratch.path("schemas/events/order.paid.json"))).toBe(false);
  });

  it("leaves nothing half written if a folder cannot be made", async () => {
    await using scratch = await project({ "in/order-paid.json": order });
    await scratch.write("schemas/a.txt", "");
    await writeFile(scratch.path("schemas/types"), "a file where a folder should be");
    const { code, stderr } = await merpImport(scratch, "in");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^refused nothing was written: the folder \S+ (cannot|may not) be written to/);
    expect(readdirSync(scratch.path("schemas"))).toEqual(["a.txt", "types"]);
  });
});
