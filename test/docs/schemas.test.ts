import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

it("names every rule that a catalogue may break, and no other", async () => {
  const [page, rules] = await Promise.all([read("docs/schemas.md"), read("codegen/schema/rule.ts")]);
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  const known = [...rules.matchAll(/\| "([a-z-]+)"/g)].map(([, name]) => name);
  expect(known.length).toBeGreaterThan(20);
  expect(listed.sort()).toEqual(known.sort());
});
