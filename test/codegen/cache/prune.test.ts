import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { digestOf } from "../../../codegen/cache/digest.js";
import { prune } from "../../../codegen/cache/prune.js";
import { generate } from "../../../codegen/index.js";
import { sound } from "../catalogue.js";
import { Scratch } from "../scratch.js";

const HOUR_MS = 3_600_000;
const DAY = 24;

/** The file that is kept of a catalogue. */
const kept = (name: string): string => `${digestOf(name)}.json`;
/** The file that a run has begun to write. */
const unfinished = (name: string): string => `${kept(name)}.0c352b96-8628-4933-bfaf-959ce68e851e.tmp`;

/** Writes a file that was last used so many hours ago. */
function put(folder: string, name: string, hoursAgo: number): void {
  writeFileSync(`${folder}/${name}`, "x");
  const then = new Date(Date.now() - hoursAgo * HOUR_MS);
  utimesSync(`${folder}/${name}`, then, then);
}

/** A generated catalogue in a project with `node_modules`, and the folder of its cache. */
async function project(): Promise<{ scratch: Scratch; folder: string; own: string }> {
  const scratch = await Scratch.create(sound);
  await scratch.write("package.json", "{}");
  await scratch.write("node_modules/any/package.json", "{}");
  await generate(scratch.path("schemas"));
  const folder = scratch.path("node_modules/.cache/merp");
  const [own = "none"] = readdirSync(folder);
  return { scratch, folder, own };
}

it("removes what no run has used for a month, and what killed runs have left, when something has changed", async () => {
  const { scratch, folder, own } = await project();
  await using _ = scratch;
  put(folder, kept("gone"), 31 * DAY);
  put(folder, kept("used"), 29 * DAY);
  put(folder, unfinished("killed"), 2);
  put(folder, unfinished("running"), 0);
  put(folder, "notes.json", 99 * DAY);
  put(folder, "readme.txt", 99 * DAY);
  mkdirSync(`${folder}/${kept("folder")}`);
  utimesSync(`${folder}/${kept("folder")}`, new Date(0), new Date(0));
  const others = [kept("used"), unfinished("running"), "notes.json", "readme.txt", kept("folder")];

  await generate(scratch.path("schemas"));
  expect(readdirSync(folder)).toContain(kept("gone"));
  await scratch.writeSchemas({ "types/more.json": { title: "More", type: "string" } });
  await generate(scratch.path("schemas"));
  expect(readdirSync(folder).sort()).toEqual([own, ...others].sort());
});

it("keeps what is used, though nothing has changed for long", async () => {
  const { scratch, folder, own } = await project();
  await using _ = scratch;
  const yearAgo = new Date(Date.now() - 365 * DAY * HOUR_MS);
  utimesSync(`${folder}/${own}`, yearAgo, yearAgo);
  await generate(scratch.path("schemas"));
  expect(statSync(`${folder}/${own}`).mtimeMs).toBeGreaterThan(yearAgo.getTime() + HOUR_MS);
});

it("keeps the hundred that were used last", async () => {
  await using scratch = await Scratch.create({});
  const folder = scratch.path("cache");
  mkdirSync(folder);
  for (let at = 0; at < 110; at++) put(folder, kept(`catalogue ${at}`), at);
  prune(folder);
  const expected = Array.from({ length: 100 }, (_, at) => kept(`catalogue ${at}`));
  expect(readdirSync(folder).sort()).toEqual(expected.sort());
});
