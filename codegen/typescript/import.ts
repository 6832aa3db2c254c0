import { posix } from "node:path";
import { printList } from "./literal.js";

/** One module's imports of a generated file. */
export interface Import {
  readonly from: string;
  readonly values?: readonly string[];
  readonly types?: readonly string[];
}

/** Import statements as Biome sorts them; a module from which nothing is needed is left out. */
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
        `} from ${JSON.stringify(from)};`,
      );
    });
}

/** The specifier by which one generated file imports another; both without extension. */
export function specifier(fromFile: string, toFile: string): string {
  const relative = posix.relative(posix.dirname(fromFile), toFile);
  return `${relative.startsWith(".") ? relative : `./${relative}`}.js`;
}

/** Packages first, then what is furthest away. */
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
 * The order in which Biome sorts names: letter by letter regardless of case, upper before lower where only the case
 * differs.
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
