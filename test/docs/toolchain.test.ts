import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

it("names every change that merp diff tells of, and no other", async () => {
  const [page, rules] = await Promise.all([read("docs/toolchain.md"), read("codegen/diff/change.ts")]);
  const rows = [...page.matchAll(/^\| ((?:`[a-z]+(?:-[a-z]+)+`(?:, )?)+) \|/gm)].map(([, names]) => names ?? "");
  const listed = rows.flatMap((names) => [...names.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));
  const known = [...rules.matchAll(/\| "([a-z-]+)"/g)].map(([, name]) => name);
  expect(known.length).toBeGreaterThan(30);
  expect(listed.sort()).toEqual(known.sort());
});
