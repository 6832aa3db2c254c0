import { createRequire } from "node:module";
import type { Node, ParseError } from "jsonc-parser";
import { type Path, pointerOf } from "../schema/pointer.js";
import type { Rule } from "../schema/rule.js";
import type { Schema } from "../schema/schema.js";
import { isObject } from "../schema/walk.js";
import { wellFormed } from "../schema/well-formed.js";
import type { Place, Problem } from "./problem.js";

/** Required, not imported, and only for problems: a catalogue without any needs no positions. */
const loadParser = () => createRequire(import.meta.url)("jsonc-parser") as typeof import("jsonc-parser");

/** Objects and arrays in each other. */
const DEEPEST = 200;

const BYTE_ORDER_MARK = "\ufeff";

interface Tree {
  readonly root: Node | undefined;
  readonly errors: readonly ParseError[];
}

/** A JSON file that knows the line and column of every value. */
export class Source {
  /** Relative to the schemas folder, with `/`: `events/user.created.json`. Identifies the file. */
  readonly path: string;
  /** The path in problems: relative to the working directory. */
  readonly shownPath: string;
  /** The parsed document; `undefined` if the text is not JSON. */
  readonly value: unknown;
  /** The well-formed part of the document; `undefined` if it is not an object. */
  readonly schema: Schema | undefined;
  /** Syntax errors and duplicate keys. */
  readonly syntaxProblems: readonly Problem[];
  readonly text: string;
  #tree: Tree | undefined;
  /** What objects hold by name, where a place was looked for. */
  readonly #members = new WeakMap<Node, ReadonlyMap<string, Node>>();
  #lineStarts: readonly number[] | undefined;

  constructor(path: string, shownPath: string, text: string) {
    this.path = path;
    this.shownPath = shownPath;
    this.text = text;
    const deep = tooDeepAt(text);
    if (deep !== undefined) {
      // Not parsed: every walk over it could exhaust the stack.
      this.#tree = { root: undefined, errors: [] };
      this.syntaxProblems = [
        this.#problemAt(deep, "", {
          rule: "nesting",
          sentence: `is nested more than ${DEEPEST} levels deep; give parts of it names`,
        }),
      ];
      return;
    }
    const plain = parsePlain(text);
    this.syntaxProblems = plain === undefined ? this.#syntaxProblems() : [];
    this.value = plain ?? (this.#parsed.errors.length === 0 ? JSON.parse(text) : undefined);
    this.schema = isObject(this.value) ? wellFormed(this.value) : undefined;
  }

  /** Parsed lazily: only problems need positions. */
  get #parsed(): Tree {
    if (this.#tree === undefined) {
      const errors: ParseError[] = [];
      const root = loadParser().parseTree(this.text, errors, { disallowComments: true, allowTrailingComma: false });
      this.#tree = { root, errors };
    }
    return this.#tree;
  }

  #syntaxProblems(): readonly Problem[] {
    if (this.text.startsWith(BYTE_ORDER_MARK)) {
      const sentence = "begins with a byte order mark, which JSON does not allow; save it in UTF-8 without one";
      return [this.#problemAt(0, "", { rule: "syntax", sentence })];
    }
    const { root, errors } = this.#parsed;
    // One mistake causes several errors at the same offset; the first describes it.
    const mistakes = [...new Map(errors.toReversed().map((error) => [error.offset, error])).values()].reverse();
    const syntax = mistakes.map(({ error, offset }) =>
      this.#problemAt(offset, "", {
        rule: "syntax",
        sentence: `invalid JSON: ${describeSyntax(loadParser().printParseErrorCode(error))}`,
      }),
    );
    return [...syntax, ...(root === undefined ? [] : this.#doubledKeys(root, []))];
  }

  /** The top-level folder, which decides the kind: `events`. Empty for a file beside `catalogue.json`. */
  get folder(): string {
    return this.path.includes("/") ? this.path.slice(0, this.path.indexOf("/")) : "";
  }

  /** `user.created` of `events/user.created.json`. */
  get stem(): string {
    return this.path.slice(this.path.lastIndexOf("/") + 1).replace(/\.json$/, "");
  }

  /** A place of this file: that of the value, or that of its key. */
  place(path: Path, at?: "key" | "value"): Place {
    const node = this.#nodeAt(path);
    const property = node?.parent?.type === "property" ? node.parent.children?.[0] : undefined;
    return this.#placeAt((at === "key" ? property : undefined)?.offset ?? node?.offset ?? 0, pointerOf(path));
  }

  /** A problem at a place of this file: at the value, or at its key. */
  problem(
    path: Path,
    sentence: string,
    { rule, suggestion, at }: { rule: Rule; suggestion?: string | undefined; at?: "key" | "value" },
  ): Problem {
    return { ...this.place(path, at), rule, sentence, ...(suggestion !== undefined && { suggestion }) };
  }

  /** The node at a path, or its nearest existing ancestor. */
  #nodeAt(path: Path): Node | undefined {
    let node = this.#parsed.root;
    for (const key of path) {
      const next = node && this.#childOf(node, key);
      if (next === undefined) return node;
      node = next;
    }
    return node;
  }

  #childOf(node: Node, key: string): Node | undefined {
    if (node.type === "array") return node.children?.[Number(key)];
    const known = this.#members.get(node);
    if (known !== undefined) return known.get(key);
    const members = new Map<string, Node>();
    for (const { children: [name, value] = [] } of node.children ?? []) {
      if (name !== undefined && value !== undefined && !members.has(name.value)) members.set(name.value, value);
    }
    this.#members.set(node, members);
    return members.get(key);
  }

  #problemAt(offset: number, pointer: string, what: Pick<Problem, "rule" | "sentence" | "suggestion">): Problem {
    return { ...this.#placeAt(offset, pointer), ...what };
  }

  #placeAt(offset: number, pointer: string): Place {
    this.#lineStarts ??= [0, ...[...this.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const starts = this.#lineStarts;
    let line = 1;
    let behind = starts.length + 1;
    // Line `line` starts at or before the offset, line `behind` after it.
    while (behind - line > 1) {
      const middle = (line + behind) >> 1;
      if ((starts[middle - 1] ?? 0) <= offset) line = middle;
      else behind = middle;
    }
    const column = offset - (starts[line - 1] ?? 0) + 1;
    return { file: this.shownPath, line, column, pointer };
  }

  #doubledKeys(node: Node, path: Path): Problem[] {
    if (node.type === "array")
      return (node.children ?? []).flatMap((item, at) => this.#doubledKeys(item, [...path, `${at}`]));
    if (node.type !== "object") return [];
    const seen = new Set<string>();
    return (node.children ?? []).flatMap(({ children = [] }) => {
      const [key, value] = children;
      if (key === undefined || value === undefined) return [];
      const name = String(key.value);
      const here = [...path, name];
      const what = { rule: "duplicate-key", sentence: `duplicate key "${name}"` } as const;
      const again = seen.has(name) ? [this.#problemAt(key.offset, pointerOf(here), what)] : [];
      seen.add(name);
      return [...again, ...this.#doubledKeys(value, here)];
    });
  }
}

/**
 * Parses a text that equals its own serialization apart from white space. Such a text has neither syntax errors nor
 * duplicate keys. Returns `undefined` for any other text, which needs the slower parser.
 */
function parsePlain(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    const dense = text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
    return dense === JSON.stringify(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Where a text of JSON is nested too deeply; `undefined` if it is not. */
function tooDeepAt(text: string): number | undefined {
  // As many could not be nested too deeply, wherever they are.
  if (text.split("{").length + text.split("[").length < DEEPEST) return undefined;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{}\]]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    if (depth > DEEPEST) return index;
  }
  return undefined;
}

/** `PropertyNameExpected` → `property name expected` */
function describeSyntax(code: string): string {
  return code.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
