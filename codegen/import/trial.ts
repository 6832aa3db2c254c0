import { check } from "../check/check.js";
import { readConfig } from "../load/config.js";
import { type Sources, sourcesOf } from "../load/load.js";
import { originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { buildModel } from "../model/model.js";
import { parsePointer, pointerOf, valueAt } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";
import type { Assembly, Part } from "./assembly.js";
import { type Definition, isRoot } from "./definition.js";
import { type Hindrance, hindrance, type Place } from "./document.js";
import type { Entry } from "./entry.js";
import { fileOf } from "./message-file.js";
import type { Raw } from "./raw.js";
import type { Rewritten } from "./rewrite.js";

/** Every problem of a catalogue, as `merp check` finds it. */
export async function problemsOf(sources: Sources): Promise<readonly Problem[]> {
  const { config, problems } = readConfig(sources.config);
  return [...problems, ...(await check(sources, buildModel(sources, config)))];
}

/**
 * Checks the catalogue as it would be, in memory, and leaves out what has a problem until nothing has. Examples and
 * defaults that a publisher may not publish are left out alone.
 *
 * @param texts the files that are there already
 * @returns problems that are no part's own, because of which nothing can be imported
 */
export async function settle(
  assembly: Assembly,
  texts: ReadonlyMap<string, string>,
  folder: string,
): Promise<readonly Hindrance[]> {
  for (;;) {
    const files = [...assembly.files].map(([path, schema]) => [path, printed(schema)] as const);
    const problems = await problemsOf(sourcesOf(new Map([...texts, ...files]), folder));
    if (problems.length === 0) return [];
    const parts = partsOf(assembly);
    const start = `${folder.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\/$/, "")}/`;
    const foreign: Hindrance[] = [];
    const round = { advanced: new Set<Entry>(), dropped: new Set<string>() };
    // From the last to the first, so that what is left out of a list moves nothing that is still to come.
    for (const problem of problems.toReversed()) {
      const path = problem.file.startsWith(start) ? problem.file.slice(start.length) : problem.file;
      const found = partAt(path, parsePointer(problem.pointer) ?? [], parts);
      if (found === undefined) foreign.push(problem);
      else if ("kind" in found.part) settleEntry(assembly, found.part, found.way, problem, round);
      else settleDefinition(assembly, found.part, found.way, problem, round);
    }
    if (foreign.length === problems.length) return foreign;
  }
}

/** The text of a schema file. */
export function printed(schema: Raw): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** What was done for the problems of one check. */
interface Round {
  readonly advanced: Set<Entry>;
  readonly dropped: Set<string>;
}

interface Found {
  readonly part: Part;
  /** From the part's own schema. */
  readonly way: readonly string[];
}

interface Parts {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly roots: ReadonlyMap<string, Definition>;
  readonly named: ReadonlyMap<string, Definition>;
}

function partsOf(assembly: Assembly): Parts {
  const { entries, definitions } = assembly;
  return {
    entries: new Map(entries.map((entry) => [fileOf(entry), entry])),
    roots: new Map(definitions.filter(isRoot).map((definition) => [definition.file, definition])),
    named: new Map(definitions.map((definition) => [`${definition.file}#${definition.name}`, definition])),
  };
}

function partAt(file: string, way: readonly string[], { entries, roots, named }: Parts): Found | undefined {
  const [keyword, name, ...rest] = way;
  const inner = keyword === "$defs" ? named.get(`${file}#${name}`) : undefined;
  if (inner !== undefined) return { part: inner, way: rest };
  const part = entries.get(file) ?? roots.get(file) ?? [...named.values()].find((one) => one.file === file);
  return part && { part, way };
}

function settleEntry(
  assembly: Assembly,
  entry: Entry,
  way: readonly string[],
  problem: Problem,
  { advanced }: Round,
): void {
  const isExample = problem.rule === "example" && way[0] === "examples";
  if (isExample || (problem.rule === "message-text" && problem.sentence.includes("examples"))) {
    if (advanced.has(entry) || assembly.tryNextExample(entry)) {
      advanced.add(entry);
      return;
    }
    // An example may have several problems, and one says enough.
    advanced.add(entry);
    const sentence = `no valid example can be made of it; give one in "examples" (${problem.sentence})`;
    assembly.refuse(entry, hindrance(entry.place, "example", sentence));
    return;
  }
  const whole = assembly.wholeOf(entry);
  const place = whole === undefined ? entry.place : placeIn(whole.schema, way, entry.place);
  assembly.refuse(entry, hindrance(place, problem.rule, saidOf(problem)));
}

function settleDefinition(
  assembly: Assembly,
  definition: Definition,
  way: readonly string[],
  problem: Problem,
  { dropped }: Round,
): void {
  const rewritten = assembly.rewritten(definition);
  const place = placeIn(rewritten.schema, way, definition.place);
  const keyword = { default: "default", example: "examples" }[problem.rule as string];
  const at = keyword === undefined ? undefined : keywordAt(way, keyword);
  const value = at === undefined ? [] : way.slice(0, at + (keyword === "examples" ? 2 : 1));
  const key = `${definition.file}#${definition.name}${pointerOf(value)}`;
  // A value may have several problems.
  if (value.length > 0 && dropped.has(key)) return;
  if (value.length > 0 && valueAt(rewritten.schema, value) !== undefined) {
    dropped.add(key);
    const rule = keyword === "examples" ? "invalid-example" : "invalid-default";
    const change = { rule, file: place.document.source.shownPath, pointer: pointerOf(place.path) } as const;
    dropAt(rewritten.schema, value);
    assembly.replace(definition, { ...rewritten, changes: [...rewritten.changes, change] });
    return;
  }
  assembly.refuse(definition, hindrance(place, problem.rule, saidOf(problem)));
}

function saidOf({ sentence, suggestion }: Problem): string {
  return suggestion === undefined ? sentence : `${sentence} (did you mean ${suggestion}?)`;
}

/** The place of the original that a place of a rewritten schema was made of. */
function placeIn(schema: Rewritten["schema"], way: readonly string[], { document, path }: Place): Place {
  const isOf = (object: object): boolean => originOf(object)?.source === document.source;
  let [at, object, rest]: [unknown, object, readonly string[]] = [schema, schema, way];
  for (const [index, key] of way.entries()) {
    at = valueAt(at, [key]);
    // The innermost object that comes from the document.
    if (typeof at === "object" && at !== null && isOf(at)) [object, rest] = [at, way.slice(index + 1)];
  }
  return { document, path: [...(originOf(object)?.path ?? path), ...rest] };
}

const naming: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs", "dependentSchemas"]);

/** Where on a way a keyword stands that is not the name of a property. */
function keywordAt(way: readonly string[], keyword: string): number | undefined {
  const at = way.findIndex((key, index) => {
    const before = way[index - 1] ?? "";
    const isName = naming.has(before) && !naming.has(way[index - 2] ?? "");
    return key === keyword && !isName;
  });
  return at < 0 ? undefined : at;
}

/** Leaves out a value of a schema that was made here; of a list the list as well, if it was the last. */
function dropAt(schema: Raw, way: readonly string[]): void {
  const around = way.slice(0, -1);
  const holder = valueAt(schema, around);
  if (Array.isArray(holder) && holder.length > 1) holder.splice(Number(way.at(-1)), 1);
  else if (Array.isArray(holder)) dropAt(schema, around);
  else if (isObject(holder)) delete holder[way.at(-1) ?? ""];
}
