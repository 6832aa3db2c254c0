import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { changeRules, lintTexts } from "../../codegen/index.js";

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

/** The text of one chapter of the page. */
async function chapter(title: string): Promise<string> {
  const page = await read("docs/toolchain.md");
  return page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
}

it("names every change that merp diff tells of, and no other", async () => {
  const [text, rules] = await Promise.all([chapter("Compare versions"), read("codegen/diff/change.ts")]);
  const rows = [...text.matchAll(/^\| ((?:`[a-z]+(?:-[a-z]+)+`(?:, )?)+) \|/gm)].map(([, names]) => names ?? "");
  const listed = rows.flatMap((names) => [...names.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));
  const known = [...rules.matchAll(/\| "([a-z-]+)"/g)].map(([, name]) => name);
  expect(known.length).toBeGreaterThan(30);
  expect(listed.sort()).toEqual(known.sort());
});

it("names every change that an import may make with its effect, and no other", async () => {
  const text = await chapter("Import schemas");
  const listed = [...text.matchAll(/^\| `([a-z-]+)` \| (\w+) \|/gm)].map(([, name, effect]) => [name, effect]);
  const known = Object.entries(changeRules).map(([name, { effect }]) => [name, effect]);
  expect(known.length).toBeGreaterThan(30);
  expect(listed).toEqual(known);
});

it("says of each rule of the lint what merp check --explain says, and of no other", async () => {
  const text = await chapter("Lint");
  const listed = [...text.matchAll(/^\| `([a-z-]+)` \| (.*) \| (.*) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
  const known = Object.entries(lintTexts).map(([name, { demand, why, fix, isFixable }]) => [
    ...[name, demand, why],
    isFixable === true ? `${fix} \`--fix\` does it.` : fix,
  ]);
  expect(listed).toEqual(known);
});
