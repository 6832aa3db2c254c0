import { expect, it } from "vitest";
import { firstMessages, newKinds, starterOf } from "../../../codegen/cli/starter.js";
import { diffCatalogues, lintCatalogue, load, sourcesOf } from "../../../codegen/index.js";
import { generated, problemsOf, sound, textsOf } from "../catalogue.js";
import { repository } from "../scratch.js";
import { findingsOf } from "./findings.js";

const envelopes = Object.fromEntries(
  load(`${repository}schemas`)
    .schemas.filter(({ folder }) => folder === "envelopes")
    .map(({ path, text }) => [path, text]),
);
/** An order whose note is excused, or not. */
const noted = (note: object) => ({
  ...sound,
  "types/order.json": { ...sound["types/order.json"], properties: { total: { type: "number" }, note } },
});

it("finds nothing in M-ERP's own catalogue", async () => {
  expect(await lintCatalogue(load(`${repository}schemas`))).toEqual([]);
});

it("finds nothing in what merp init and merp new make", () => {
  const made = [
    ...firstMessages,
    ...newKinds.map((kind) => starterOf(kind, kind === "event" ? "order.paid" : "close_shop")),
  ];
  const files = Object.fromEntries(made.map(({ path, schema }) => [path, schema]));
  expect(findingsOf({ ...files, ...envelopes })).toEqual([]);
});

it("keeps exceptions out of the generated code, and out of what a change breaks", async () => {
  const plain = noted({ anyOf: [{ type: "string" }, { type: "integer", multipleOf: 2 }] });
  const lintIgnore = { "unbounded-text": "a free text" };
  const excused = noted({
    anyOf: [
      { type: "string", lintIgnore },
      { type: "integer", multipleOf: 2 },
    ],
  });
  expect(await problemsOf(excused)).toEqual([]);
  expect([...(await generated(excused))]).toEqual([...(await generated(plain))]);
  const [before, after] = [plain, excused].map((files) => sourcesOf(textsOf(files), "schemas"));
  if (before === undefined || after === undefined) throw new Error("two catalogues");
  const { findings } = await diffCatalogues(before, after);
  expect(findings.filter(({ verdict }) => verdict !== "safe")).toEqual([]);
});

it("refuses exceptions without a rule or a reason at their place", async () => {
  const at = async (lintIgnore: unknown): Promise<readonly string[]> =>
    problemsOf(noted({ type: "string", lintIgnore }));
  const place = (column: string, end: string): string =>
    `schemas/types/order.json:${column} /properties/note/lintIgnore${end}`;
  expect(await at({ "unbounded-txt": "x" })).toEqual([
    expect.stringMatching(
      /^schemas\/types\/order\.json:11:9 .*"unbounded-txt" is not a rule of the lint; the rules are .* \(did you mean "unbounded-text"\?\)$/,
    ),
  ]);
  expect(await at({ "unbounded-text": " " })).toEqual([
    `${place("11:27", "/unbounded-text")}: must be the reason of the exception, in a text`,
  ]);
  const form = 'must be an object of rules with reasons, as in { "unbounded-text": "a free text" }';
  expect(await at({})).toEqual([`${place("10:21", "")}: ${form}`]);
  expect(await at(["unbounded-text"])).toEqual([`${place("10:21", "")}: ${form}`]);
});

it("refuses unknown rules and levels in catalogue.json", async () => {
  const at = (lint: unknown): Promise<readonly string[]> =>
    problemsOf({ ...sound, "catalogue.json": { ...sound["catalogue.json"], lint } });
  expect(await at({ "unbounded-text": "off" })).toEqual([]);
  expect(await at({ "unbounded-text": "warning" })).toEqual([
    'schemas/catalogue.json:5:23 /lint/unbounded-text: must be "off", "warn" or "error" (did you mean "warn"?)',
  ]);
  expect(await at({ closed_enum: "off" })).toEqual([expect.stringContaining('(did you mean "closed-enum"?)')]);
  expect(await at("off")).toEqual([expect.stringContaining("/lint: must be an object")]);
});
