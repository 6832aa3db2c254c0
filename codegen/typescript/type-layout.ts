import { docComment } from "./doc-comment.js";
import { LINE_WIDTH, printKey } from "./literal.js";
import type { Placeholders } from "./placeholder.js";

/** Where a type is laid out. */
export interface Place {
  /** The texts that the printed type has placeholders for. */
  readonly placeholders: Placeholders;
  /** The column at which the type starts. */
  readonly column: number;
  readonly indent: number;
  /** In an interface, a type may refer to itself anywhere; in a `type`, not as an argument of `Record`. */
  readonly inInterface: boolean;
}

/**
 * Lays out a type that json-schema-to-typescript printed without Prettier. Such a type is correct but has no
 * indentation and no semicolons. Prettier would take longer than the rest of the generator.
 */
export function layOutType(printed: string, place: Place): string {
  return new TypeLayout(printed, place).type(place.indent, place.column);
}

/** A type that was read, with the offset behind it. */
interface Line {
  readonly text: string;
  readonly end: number;
}

/** Reads the printed text in one pass, from left to right. */
class TypeLayout {
  readonly #text: string;
  readonly #placeholders: Placeholders;
  readonly #inInterface: boolean;
  /** By offset and indentation. A wide union is read twice, and without this so is, again twice, all that is in it. */
  readonly #lines = new Map<string, Line>();
  #at = 0;

  constructor(text: string, { placeholders, inInterface }: Place) {
    this.#text = text;
    this.#inInterface = inInterface;
    this.#placeholders = placeholders;
  }

  /** Reads a type up to the end of its line. */
  type(indent: number, column: number): string {
    const start = this.#at;
    const text = this.#line(indent);
    const isTall = text.includes("\n");
    if (!isTall && column + text.length < LINE_WIDTH) return text;
    const members = splitUnion(text);
    // A nullable object is not split, because `| null` fits after its closing brace.
    if (members.length === 1 || (isTall && members.length === 2 && members.includes("null"))) return text;
    this.#at = start;
    return splitUnion(this.#line(indent + 4))
      .map((member) => `\n${" ".repeat(indent + 2)}| ${member}`)
      .join("");
  }

  #line(indent: number): string {
    const key = `${this.#at} ${indent}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      let text = "";
      while (this.#at < this.#text.length && !this.#is("\n")) {
        if (this.#is("{\n")) text += this.#object(indent);
        else text += this.#placeholders.fill(spaced(this.#take(/[^{\n]+|\{/y)));
      }
      line = { text: stripParentheses(text), end: this.#at };
      this.#lines.set(key, line);
    }
    this.#at = line.end;
    return line.text;
  }

  #object(indent: number): string {
    this.#take(/\{\n/y);
    const start = this.#at;
    const members: string[] = [];
    let isMap = true;
    while (!this.#is("}")) {
      const comment = this.#is("/**") ? this.#comment(indent + 2) : "";
      if (this.#is("\n")) {
        this.#take(/\n/y);
        continue;
      }
      const printedKey = this.#take(/(?:\[k: string\]|\w+)\??: /y);
      const isIndex = printedKey.startsWith("[k");
      isMap &&= isIndex && comment === "";
      const key = `${" ".repeat(indent + 2)}${isIndex ? "[key: string]: " : this.#key(printedKey)}`;
      const type = this.type(indent + 2, key.length);
      members.push(`${comment}${type.startsWith("\n") ? key.trimEnd() : key}${type};\n`);
    }
    this.#take(/\}/y);
    // The type `{}` would allow text and numbers.
    if (members.length === 0) return "Record<string, never>";
    const [only] = members;
    isMap &&= this.#inInterface || !this.#placeholders.hasName(this.#text.slice(start, this.#at));
    // Easier to read than an object type with only an index signature.
    if (isMap && members.length === 1 && only !== undefined && indent > 0 && !only.trim().includes("\n")) {
      return `Record<string, ${only.trim().slice("[key: string]: ".length, -1)}>`;
    }
    return `{\n${members.join("")}${" ".repeat(indent)}}`;
  }

  /** `X12X?: ` as the key that it stands for. */
  #key(printed: string): string {
    const mark = printed.endsWith("?: ") ? "?: " : ": ";
    return `${printKey(this.#placeholders.fill(printed.slice(0, -mark.length)))}${mark}`;
  }

  #comment(indent: number): string {
    const printed = this.#take(/\/\*\*[\s\S]*?\n \*\/\n/y);
    const lines = printed
      .split("\n")
      .slice(1, -2)
      .map((line) => line.replace(/^ \* ?/, ""));
    // Skips the bounds of a tuple, which its type already expresses.
    const text = lines.filter((line) => !/^@m(?:in|ax)Items \d+$/.test(line)).join("\n");
    return docComment(this.#placeholders.fill(text.trim()), indent);
  }

  #is(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0];
    if (taken === undefined)
      throw new Error(
        `Cannot lay out this output of json-schema-to-typescript: ${this.#text.slice(this.#at, this.#at + 80)}`,
      );
    this.#at += taken.length;
    return taken;
  }
}

/** Spaces the union of tuples: `[string]|[string, ...(number)[]]`. */
function spaced(printed: string): string {
  return printed.replaceAll("]|[", "] | [").replace(/\((\w+)\)\[\]/g, "$1[]");
}

/** Strips the parentheses of `("a" | "b")`, but not those of `("a" | "b")[]`. */
function stripParentheses(type: string): string {
  if (!type.startsWith("(") || !type.endsWith(")")) return type;
  let depth = 0;
  for (const [at, character] of code(type)) {
    if (character === "(") depth++;
    if (character === ")" && --depth === 0 && at < type.length - 1) return type;
  }
  return type.slice(1, -1);
}

function splitUnion(type: string): readonly string[] {
  const members: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, character] of code(type)) {
    if ("([{<".includes(character)) depth++;
    if (")]}>".includes(character)) depth--;
    if (character === "|" && depth === 0) {
      members.push(type.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...members, type.slice(start).trim()];
}

/** The characters outside strings and comments, with their offsets. */
function* code(text: string): Generator<readonly [at: number, character: string]> {
  for (const { 0: match, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|\/\*[\s\S]*?\*\/|[\s\S]/g)) {
    if (match.length === 1) yield [index, match];
  }
}
