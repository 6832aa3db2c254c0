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
    .sort((a, b) => compareModules(a.from, b.from))
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

/** Biome's order of modules: packages first, then the most distant folders. */
function compareModules(a: string, b: string): number {
  const distance = (from: string): number =>
    from.startsWith("./")
      ? 0
      : from.startsWith("../")
        ? (from.match(/\.\.\//g)?.length ?? 0)
        : Number.POSITIVE_INFINITY;
  const [left, right] = [distance(a), distance(b)];
  return left === right ? compareNames(a, b) : right - left;
}

/**
 * Biome's order of names: letter by letter without regard to case, upper case first where only the case differs.
 */
export function compareNames(a: string, b: string): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const left = a.charAt(at);
    const right = b.charAt(at);
    if (left === right) continue;
    const folded = left.toLowerCase() === right.toLowerCase() ? 0 : left.toLowerCase() < right.toLowerCase() ? -1 : 1;
    return folded || (left < right ? -1 : 1);
  }
  return a.length - b.length;
}
