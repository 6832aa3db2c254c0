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
      const isTypeOnly = values.length === 0;
      const named = [
        ...values.map((name) => ({ name, text: name })),
        ...types.map((name) => ({ name, text: isTypeOnly ? name : `type ${name}` })),
      ].sort((a, b) => compareNames(a.name, b.name));
      const head = isTypeOnly ? "import type {" : "import {";
      return printList(
        head,
        named.map(({ text }) => text),
        `} from ${stringLiteral(from)};`,
      );
    });
}

/** The specifier with which a generated file imports another. Both paths are without extension. */
export function specifier(fromFile: string, toFile: string): string {
  const relative = posix.relative(posix.dirname(fromFile), toFile);
  return `${relative.startsWith(".") ? relative : `./${relative}`}.js`;
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
