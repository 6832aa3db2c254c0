import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { digestOf } from "../../../codegen/cache/digest.js";
import { type GenerateOptions, generate } from "../../../codegen/index.js";
import { sound, textsOf } from "../catalogue.js";
import { Scratch } from "../scratch.js";

const place = "events/order.placed.json";
const edited = { ...sound, [place]: { ...sound[place], description: "A customer has placed an order." } };

/** A generated catalogue in a project with `node_modules`. */
async function project(): Promise<Scratch> {
  const scratch = await Scratch.create(sound);
  await scratch.write("package.json", "{}");
  await scratch.write("node_modules/any/package.json", "{}");
  await generate(scratch.path("schemas"));
  return scratch;
}

function cacheFile(scratch: Scratch): string {
  const folder = scratch.path("node_modules/.cache/merp");
  const [file = "none", ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  return `${folder}/${file}`;
}

async function writtenBy(scratch: Scratch, options?: GenerateOptions): Promise<readonly string[]> {
  const { written } = await generate(scratch.path("schemas"), options);
  return written.map(({ path }) => path);
}

const afterEdit = ["events/order.placed.ts", "handlers.ts"];

it.each<readonly [what: string, spoil: (text: string) => string]>([
  ["is empty", () => ""],
  ["is no JSON", () => "nonsense\n[["],
  ["was cut off", (text) => text.slice(0, text.length / 2)],
  ["has letters changed", (text) => text.replaceAll("OrderPlaced", "OrderPlaces")],
  ["has another checksum", (text) => `x${text}`],
  ["lists no files", (text) => `${text.split("\n")[0]}\n[]`],
])("is ignored if it %s", async (_, spoil) => {
  await using scratch = await project();
  const file = cacheFile(scratch);
  const text = readFileSync(file, "utf8");
  expect(spoil(text)).not.toBe(text);
  writeFileSync(file, spoil(text));
  expect(await writtenBy(scratch)).toEqual([]);
  await scratch.writeSchemas(edited);
  expect(await writtenBy(scratch)).toEqual(afterEdit);
  expect(readFileSync(file, "utf8")).toContain("has placed");
});

it("may be deleted", async () => {
  await using scratch = await project();
  rmSync(scratch.path("node_modules/.cache"), { recursive: true });
  await scratch.writeSchemas(edited);
  expect(await writtenBy(scratch)).toEqual(afterEdit);
});

it("is neither read nor written if it is turned off", async () => {
  await using scratch = await project();
  const file = cacheFile(scratch);
  writeFileSync(file, "as it was");
  await scratch.writeSchemas(edited);
  expect(await writtenBy(scratch, { cache: false })).toEqual(afterEdit);
  expect(readFileSync(file, "utf8")).toBe("as it was");
});

it("is not used for other settings", async () => {
  await using scratch = await project();
  const config = { ...sound["catalogue.json"], runtime: "../other/index.js" };
  await scratch.writeSchemas({ "catalogue.json": config });
  expect(await writtenBy(scratch)).toContain("schemas/events/order.placed.ts");
});

it("is ignored if it is that of another project", async () => {
  await using other = await project();
  await using scratch = await project();
  await scratch.writeSchemas(edited);
  writeFileSync(cacheFile(scratch), readFileSync(cacheFile(other), "utf8"));
  expect(await writtenBy(scratch)).toEqual(afterEdit);
  expect(readFileSync(cacheFile(scratch), "utf8")).toContain("has placed");
});

it("is done without where it cannot be written, and leaves nothing there", async () => {
  await using scratch = await project();
  const file = cacheFile(scratch);
  rmSync(file);
  mkdirSync(file);
  await scratch.writeSchemas(edited);
  expect(await writtenBy(scratch)).toEqual(afterEdit);
  expect(cacheFile(scratch)).toBe(file);
  rmSync(scratch.path("node_modules/.cache"), { recursive: true });
  writeFileSync(scratch.path("node_modules/.cache"), "");
  await scratch.writeSchemas(sound);
  expect(await writtenBy(scratch)).toEqual(afterEdit);
});

it.each(["node_modules", "node_modules/.cache", "node_modules/.cache/merp"])(
  "is done without where %s is a link",
  async (link) => {
    await using scratch = await project();
    await using elsewhere = await Scratch.create({});
    rmSync(scratch.path(link), { recursive: true });
    symlinkSync(elsewhere.folder, scratch.path(link));
    await scratch.writeSchemas(edited);
    expect(await writtenBy(scratch)).toEqual(afterEdit);
    expect(readdirSync(elsewhere.folder)).toEqual([]);
  },
);

it("is that of the workspace for a package of it, and of the project for an installed package", async () => {
  await using scratch = await project();
  for (const place of ["packages/shop", "node_modules/shop"]) {
    for (const [path, text] of textsOf(sound)) await scratch.write(`${place}/schemas/${path}`, text);
    await scratch.write(`${place}/package.json`, "{}");
    if (place.startsWith("node_modules")) await scratch.write(`${place}/node_modules/any/package.json`, "{}");
    await generate(scratch.path(`${place}/schemas`));
  }
  expect(existsSync(scratch.path("node_modules/shop/node_modules/.cache"))).toBe(false);
  expect(readdirSync(scratch.path("node_modules/.cache/merp"))).toHaveLength(3);
});

it("is not made in a project without node_modules", async () => {
  await using scratch = await Scratch.create(sound);
  await generate(scratch.path("schemas"));
  expect(readdirSync(scratch.folder).sort()).toEqual(["generated", "schemas"]);
});

it("is written as a whole by processes that run at once, and remove the same files", async () => {
  await using scratch = await project();
  const folder = dirname(cacheFile(scratch));
  await scratch.writeSchemas(edited);
  for (let at = 0; at < 100; at++) {
    const gone = `${folder}/${digestOf(`gone ${at}`)}.json`;
    writeFileSync(gone, "");
    utimesSync(gone, new Date(0), new Date(0));
  }
  const outcomes = await Promise.all([scratch.merp("generate"), scratch.merp("check", "--format", "json")]);
  expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual(outcomes.map(() => [0, ""]));
  expect(readFileSync(cacheFile(scratch), "utf8")).toContain("has placed");
  expect(await writtenBy(scratch)).toEqual([]);
});

it("lets merp generate --check find the same", async () => {
  await using scratch = await project();
  await scratch.writeSchemas({ ...edited, "types/order.json": { ...sound["types/order.json"], title: "Purchase" } });
  const differences = await outcomesOfCheck(scratch);
  expect(differences[0]).toEqual(differences[1]);
  expect(differences[0]).toMatchObject({ code: 1, stdout: expect.stringContaining("+export interface Purchase") });
  await generate(scratch.path("schemas"));
  expect(await outcomesOfCheck(scratch)).toEqual([0, 0].map((code) => ({ code, stdout: "", stderr: "" })));
});

async function outcomesOfCheck(scratch: Scratch): Promise<readonly object[]> {
  return [await scratch.merp("generate", "--check"), await scratch.merp("generate", "--check", "--no-cache")];
}
