import { posix } from "node:path";
import { compareNames } from "../model/casing.js";
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
