import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkCommand } from "../../codegen/cli/check.js";
import { diffCommand } from "../../codegen/cli/diff.js";
import { generateCommand } from "../../codegen/cli/generate.js";
import { runCommand } from "../codegen/cli/command.js";
import { repository, Scratch, tsc } from "../codegen/scratch.js";
import { type Block, blocksOf } from "../readme/blocks.js";

const page = readFileSync(new URL("../../docs/evolving.md", import.meta.url), "utf8");
const chapters = new Map(page.split(/^## /m).map((text) => [text.slice(0, text.indexOf("\n")), text]));
const walks = ["An enum value is removed", "A required property is added", "A property is renamed", "A type is split"];
const envelope = JSON.parse(readFileSync(`${repository}schemas/envelopes/event.json`, "utf8")) as unknown;
/** What the examples of each property are. */
const examples = { total: 12.5, currency: "EUR", parcel: "A1", carrier: "post", name: "Ada", town: "Bonn" };
const all: Readonly<Record<string, unknown>> = { ...examples, mail: "a@example.com", email: "a@example.com" };

type Files = Readonly<Record<string, unknown>>;

/** The events of a chapter, by file: the old one, then the new ones. */
function eventsOf(chapter: string): readonly (readonly [file: string, event: object])[] {
  return blocksOf(chapters.get(chapter) ?? "")
    .filter(({ language }) => language === "json")
    .map(({ above, text }) => {
      const [, file = "", type = ""] = /schemas\/(events\/([\w.]+)\.json)/.exec(above) ?? [];
      return [file, eventOf(type, JSON.parse(text) as { properties: object })];
    });
}

function eventOf(type: string, after_data: { readonly properties: object }): object {
  const [entity = ""] = type.split(".");
  const data = Object.fromEntries(Object.keys(after_data.properties).map((name) => [name, all[name]]));
  const sample = {
    id: "0c352b96-8628-4933-bfaf-959ce68e851e",
    timestamp: "2026-11-23T08:00:00Z",
    source_service: "shop",
  };
  return {
    description: "It happened.",
    $ref: "../envelopes/event.json",
    properties: {
      event_type: { const: type },
      entity_type: { const: entity },
      entity_id: { type: "integer" },
      after_data,
    },
    required: ["after_data"],
    examples: [{ ...sample, type: "event", event_type: type, entity_type: entity, entity_id: 7, after_data: data }],
  };
}

const catalogue = (events: Files, settings: object = {}): Files => ({
  "catalogue.json": { name: "shop", ...settings },
  "envelopes/event.json": envelope,
  ...events,
});

const home = process.cwd();
let scratch: Scratch;
/** As services compile, which need not annotate what they export. */
const settings = {
  extends: `${repository}tsconfig.json`,
  compilerOptions: {
    ...{ noEmit: true, declaration: false, isolatedDeclarations: false, rootDir: "/" },
    typeRoots: [`${repository}node_modules/@types`],
    paths: { "@m-erp/messaging/runtime": [`${repository}runtime/index.ts`] },
  },
  include: ["src"],
};
/** The TypeScript blocks, each a file. */
const sources = blocksOf(page).filter(({ language }) => language === "ts");

beforeAll(async () => {
  const events = Object.fromEntries(walks.flatMap(eventsOf));
  const settings = { runtime: "@m-erp/messaging/runtime", upcasters: "../src/upcasters.ts" };
  scratch = await Scratch.create(catalogue(events, settings) as never);
  for (const [at, { text }] of sources.entries()) await scratch.write(`src/block-${at}.ts`, text);
  process.chdir(scratch.folder);
});
afterAll(async () => {
  process.chdir(home);
  await scratch[Symbol.asyncDispose]();
});

const proofs = chapters.get("What merp check proves") ?? "";
/** What merp check prints there. */
const told = blocksOf(proofs).filter(({ language }) => language === "");
const printed = (chapter: string): Block | undefined =>
  blocksOf(chapters.get(chapter) ?? "").find(({ language, above }) => language === "" && above.includes("merp diff"));

describe("docs/evolving.md", () => {
  it.each(walks)("shows what merp diff says, when %s in place", async (chapter) => {
    const [[file = "", old] = [], ...others] = eventsOf(chapter);
    await using project = await Scratch.create(
      catalogue(
        others.length > 1
          ? Object.fromEntries(others)
          : { [file]: JSON.parse(JSON.stringify(others[0]?.[1]).replaceAll(".v2", "")) },
      ) as never,
    );
    await using released = await Scratch.create(catalogue({ [file]: old }) as never);
    process.chdir(project.folder);
    const { stdout } = await runCommand(diffCommand, "--against", released.path("schemas"));
    process.chdir(scratch.folder);
    const text = stdout
      .replaceAll(/[./\w-]*\/schemas(?=\/events.*removed)/g, "main:schemas")
      .replaceAll(/\{"id":.*?"entity_id":7,/g, "{…,");
    expect(printed(chapter)?.text.trim()).toBe(text.trim());
  });

  it("has blocks that compile, with upcasters of which merp check says what the page says", async () => {
    const exported = sources.flatMap(({ text }, at) =>
      text.includes("upcaster(") ? [`export * from "./block-${at}.js";\n`] : [],
    );
    await scratch.write("src/upcasters.ts", exported.join(""));
    expect((await runCommand(generateCommand, "--no-cache")).code).toBe(0);
    await scratch.write("package.json", '{ "type": "module" }');
    await scratch.write("tsconfig.json", JSON.stringify(settings));
    expect(await tsc(scratch.folder)).toEqual({ code: 0, stdout: "", stderr: "" });

    await mkdir(scratch.path("node_modules/@m-erp/messaging"), { recursive: true });
    const entry = { type: "module", exports: { "./runtime": "./runtime.ts" } };
    await scratch.write("node_modules/@m-erp/messaging/package.json", JSON.stringify(entry));
    const runtime = JSON.stringify(`${repository}runtime/index.js`);
    await scratch.write("node_modules/@m-erp/messaging/runtime.ts", `export * from ${runtime};\n`);
    const { stdout, stderr } = await runCommand(checkCommand, "--no-cache");
    expect(stderr).not.toContain("error");
    expect(stdout).toContain(told[1]?.text);
    expect(stdout.match(/^upcast .* 1000 messages/gm)).toHaveLength(5);
  });

  it("shows how merp check refuses an upcaster, with the catalogue.json of the page", async () => {
    const [setting = { text: "" }] = blocksOf(proofs).filter(({ language }) => language === "json");
    const shipped = Object.fromEntries(eventsOf("A required property is added"));
    await using project = await Scratch.create({ ...catalogue(shipped), "catalogue.json": setting.text } as never);
    await project.write(
      "src/upcasters.ts",
      `const [from, to] = ["order.shipped", "order.shipped.v2"].map((type) => ({ kind: "event", type, stream: "events" }));
export const upcastOrderShipped = { from, to, upcast: ({ after_data: { parcel } }) => ({ after_data: { parcel } }) };\n`,
    );
    process.chdir(project.folder);
    const { stderr } = await runCommand(checkCommand, "--no-cache");
    process.chdir(scratch.folder);
    expect(stderr).toBe(told[0]?.text);
  });
});
