import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const page = readFileSync(new URL("../../docs/delivery.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| (\d+) \| (.+) \| `([\w/-]+)` \|$/gm)];

/** A sentence as the name of a test: it begins in lower case, and has no marks of code. */
function nameOf(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`.replaceAll("`", "");
}

it("lists the eighteen invariants of clusters and partitions, each with its number", () => {
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 18 }, (_, at) => at + 1));
});

it.each(rows.map(([, number, sentence, file]) => [Number(number), sentence, file] as const))(
  "invariant %i is the name of a test: %s (%s)",
  (_number, sentence = "", file = "") => {
    const text = readFileSync(new URL(`../${file}.test.ts`, import.meta.url), "utf8");
    const name = nameOf(sentence);
    expect([`it("${name}"`, `describe("${name}"`].some((start) => text.includes(start))).toBe(true);
  },
);
