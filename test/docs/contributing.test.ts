import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../package/program.js";

it("every file and folder that CONTRIBUTING names exists", async () => {
  const text = await readFile(join(root, "CONTRIBUTING.md"), "utf8");
  const parts = ["runtime", "codegen", "schemas", "test", "docs", "generated", "examples", ".ci"];
  const files = await Promise.all(
    parts.map(async (part) => (await readdir(join(root, part), { recursive: true })).map((name) => `${part}/${name}`)),
  );
  // `npm run build` writes dist/.
  const known = [...parts, ...files.flat(), "dist", "package.json", ".biome.json"];
  const exists = (name: string): boolean =>
    known.some((file) => `/${file}`.endsWith(`/${name}`) || `/${file.replace(/\.(ts|hbs)$/, "")}`.endsWith(`/${name}`));

  const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?(?:\.ts)?)`/g)].map(([, name = ""]) => name);
  const paths = named.filter((name) => name.includes("/") || name.endsWith(".ts"));
  expect(paths.length).toBeGreaterThan(60);
  expect(paths.filter((name) => !exists(name.replace(/\/$/, "")))).toEqual([]);
});
