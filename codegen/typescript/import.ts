import { posix } from "node:path";
import { stringLiteral } from "./escape.js";
import { printList } from "./literal.js";

/** The names that a generated file imports from a module. */
export interface Import {
  readonly from: string;
  readonly values?: readonly string[];
  readonly types?: readonly string[];
}

/** Prints import statements in Biome's order. Modules without names are omitted. */
export function printImports(imports: readonly Import[]): readonly string[] {
  return imports
    .filter(({ values = [], types = [] }) => values.length + types.length > 0)
    .map((names) => ({ names, distance: distanceOf(names.from) }))
    .sort((a, b) => b.distance - a.distance || compareNames(a.names.from, b.names.from))
    .map(({ names }) => printImport(names));
}

/** A list is remembered from so many names on: each message of a kind imports the same from the runtime. */
const MANY = 4;
const remembered = new Map<string, string>();

function printImport(names: Import): string {
  const { from, values = [], types = [] } = names;
  if (values.length + types.length < MANY) return printNames(names);
  const key = `${from} ${values.join()} ${types.join()}`;
  const statement = remembered.get(key) ?? printNames(names);
  remembered.set(key, statement);
  return statement;
}

function printNames({ from, values = [], types = [] }: Import): string {
  const head = values.length === 0 ? "import type {" : "import {";
  if (values.length === 1 && types.length === 0) return printList(head, values, `} from ${stringLiteral(from)};`);
  const mark = values.length === 0 ? "" : "type ";
  const marked = new Map(types.map((name) => [name, mark + name]));
  for (const name of values) marked.set(name, name);
  const texts = [...marked].sort(([a], [b]) => compareNames(a, b)).map(([, text]) => text);
  return printList(head, texts, `} from ${stringLiteral(from)};`);
}

const ways = new Map<string, string>();

/** The specifier with which a generated file imports another. Both paths are without extension. */
export function specifier(fromFile: string, toFile: string): string {
  const at = toFile.lastIndexOf("/") + 1;
  const folders = `${fromFile.slice(0, fromFile.lastIndexOf("/") + 1)} ${toFile.slice(0, at)}`;
  let way = ways.get(folders);
  if (way === undefined) {
    const relative = posix.relative(posix.dirname(fromFile), posix.dirname(toFile));
    way = relative === "" ? "./" : relative.startsWith(".") ? `${relative}/` : `./${relative}/`;
    ways.set(folders, way);
  }
  return `${way}${toFile.slice(at)}.js`;
}

/** How many folders up a module is: Biome has packages first, then the most distant folders. */
function distanceOf(from: string): number {
  if (from.startsWith("./")) return 0;
  return from.startsWith("../") ? from.split("../").length - 1 : PACKAGE;
}

const PACKAGE = Number.MAX_SAFE_INTEGER;

/**
 * Biome's order of names: letter by letter without regard to case, upper case first where only the case differs.
 */
export function compareNames(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  let at = 0;
  while (at < common && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === common) return a.length - b.length;
  const left = a.charAt(at);
  const right = b.charAt(at);
  const low = left.toLowerCase();
  const high = right.toLowerCase();
  if (low !== high) return low < high ? -1 : 1;
  return left < right ? -1 : 1;
}
