import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../package/program.js";

const MARKER = /^(?:<{7}|>{7}) /m;

it("no document holds the marks of an unfinished merge", async () => {
  const inDocs = (await readdir(join(root, "docs"), { recursive: true })).filter((name) => name.endsWith(".md"));
  const files = [...inDocs.map((name) => `docs/${name}`), "README.md", "CHANGELOG.md", "CONTRIBUTING.md"];
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
  expect(files.filter((_, at) => MARKER.test(texts[at] ?? ""))).toEqual([]);
});
