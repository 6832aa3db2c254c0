import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { catalogue } from "../../generated/index.js";

const features = await readFile(new URL("../../docs/features.md", import.meta.url), "utf8");

/** Every test that the page names, by its file. */
const named = [...features.matchAll(/\]\(\.\.\/test\/([^)]+)\)\s“([^”]+)”/g)].map(([, file = "", name = ""]) => [
  file,
  name,
]);

it("names a test for each of its rows, and every test that it names is there", async () => {
  const rows = features.split("\n").filter((line) => /^\| (?!Feature|Type|Of|Variable)/.test(line));
  const withoutTest = rows.filter((row) => !row.includes("../test/") && !/^\| \w+ \| `\w+\.\w+`/.test(row));
  expect(withoutTest).toEqual([]);
  expect(named.length).toBeGreaterThan(rows.length - 10);
  const missing: string[] = [];
  for (const [file = "", name = ""] of named) {
    const text = await readFile(new URL(`../${file}`, import.meta.url), "utf8").catch(() => "");
    const isTest = [`it("${name}"`, `test("${name}"`, `)("${name}"`].some((start) => text.includes(start));
    if (!isTest) missing.push(`${file}: ${name}`);
  }
  expect(missing).toEqual([]);
});

it("lists every message of the catalogue, and no other event", () => {
  const types = catalogue.messages.filter(({ kind }) => kind !== "health").map(({ type }) => type);
  expect(types.filter((type) => !features.includes(`\`${type}\``))).toEqual([]);
  const events = [...features.matchAll(/^\| \w+ \| (`\w+\.\w+`.*) \|$/gm)].flatMap(([, list = ""]) => list.split(", "));
  expect(events.map((event) => event.replaceAll("`", "")).filter((event) => !types.includes(event))).toEqual([]);
});
