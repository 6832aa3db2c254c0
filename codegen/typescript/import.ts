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
    .map((each) => ({ ...each, distance: distanceOf(each.from) }))
    .sort((a, b) => b.distance - a.distance || compareNames(a.from, b.from))
    .map(({ from, values = [], types = [] }) => {
      const head = values.length === 0 ? "import type {" : "import {";
      return printList(head, namesInOrder(values, types), `} from ${stringLiteral(from)};`);
    });
}

/** What was put in order, by what it was made of: all messages of a kind import the same names. */
const ordered = new Map<string, readonly string[]>();

function namesInOrder(values: readonly string[], types: readonly string[]): readonly string[] {
  const mark = values.length === 0 ? "" : "type ";
  if (values.length + types.length === 1) return [...values, ...types.map((name) => mark + name)];
  const key = `${values.join()};${types.join()}`;
  let names = ordered.get(key);
  if (names === undefined) {
    const marked = [
      ...values.map((name) => ({ name, text: name })),
      ...types.map((name) => ({ name, text: mark + name })),
    ];
    names = marked.sort((a, b) => compareNames(a.name, b.name)).map(({ text }) => text);
    ordered.set(key, names);
  }
  return names;
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
  return from.startsWith("../") ? (from.match(/\.\.\//g)?.length ?? 0) : PACKAGE;
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
  const [left, right] = [a.charAt(at), b.charAt(at)];
  const [low, high] = [left.toLowerCase(), right.toLowerCase()];
  if (low !== high) return low < high ? -1 : 1;
  return left < right ? -1 : 1;
}
