import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";
import { root } from "../package/program.js";

const pages = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
const files = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ...pages];
const texts = new Map(
  await Promise.all(files.map(async (file) => [file, await readFile(join(root, file), "utf8")] as const)),
);

it("the README lists every page of the documentation", () => {
  const [, list = ""] = (texts.get("README.md") ?? "").split("\n## All pages\n");
  expect(pages.filter((page) => !list.includes(`](${page})`))).toEqual([]);
});

it("every link between the pages leads to a page, and to a heading that it has", () => {
  const broken = [...texts].flatMap(([file, text]) =>
    linksOf(text)
      .map((link) => ({ link, ...targetOf(file, link) }))
      .filter(({ page, heading }) => page.endsWith(".md") && !page.startsWith("examples/") && !has(page, heading))
      .map(({ link }) => `${file}: ${link}`),
  );
  expect(broken).toEqual([]);
});

function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link).filter((link) => !/^\w+:/.test(link));
}

function targetOf(file: string, link: string): { readonly page: string; readonly heading: string | undefined } {
  const [path = "", heading] = link.split("#");
  return { page: path === "" ? file : normalize(join(dirname(file), path)), heading };
}

function has(page: string, heading: string | undefined): boolean {
  const text = texts.get(page);
  if (text === undefined || heading === undefined) return text !== undefined;
  return [...text.matchAll(/^#+ (.+)$/gm)].some(([, title = ""]) => anchorOf(title) === heading);
}

/** As GitHub makes the address of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
