import { recordOrigins } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import { Source } from "../load/source.js";
import { type Path, pointerOf } from "../schema/pointer.js";
import type { Draft } from "./draft.js";
import type { Raw } from "./raw.js";
import type { ChangeName } from "./rule.js";

/** A document that is imported: a file, or what an export of a module says of itself. */
export interface Document {
  readonly source: Source;
  readonly value: Raw;
  readonly draft: Draft;
  /** Relative to what is imported, with `/` and without an extension that says nothing: `orders/order-placed`. */
  readonly stem: string;
  /** The address that a relative `$ref` of the document starts from, unless it has an `$id`. */
  readonly address: string;
  /** Whether the text was made here, so that lines and columns are of no use. */
  readonly isMade: boolean;
}

/** A place of a document. */
export interface Place {
  readonly document: Document;
  readonly path: Path;
}

/** What was changed, and where. */
export interface Change {
  readonly rule: ChangeName;
  readonly file: string;
  readonly pointer: string;
  /** What exactly, where the place does not tell. */
  readonly detail?: string;
}

/** What hinders an import, at its place. A made document has no lines. */
export type Hindrance = Omit<Problem, "rule" | "line" | "column"> & {
  readonly rule: string;
  readonly line?: number;
  readonly column?: number;
};

/** Makes a document of a text of JSON that is an object. */
export function documentOf(source: Source, facts: Omit<Document, "source" | "value">): Document {
  recordOrigins(source, source.value);
  return { source, value: source.value as Raw, ...facts };
}

/** A made document: the text is the value's own. */
export function madeDocument(shownPath: string, value: Raw, facts: Pick<Document, "draft" | "stem">): Document {
  const source = new Source(`${facts.stem}.json`, shownPath, JSON.stringify(value));
  return documentOf(source, { ...facts, address: addressOf(`${facts.stem}.json`), isMade: true });
}

/** The address of a file, by its path relative to what is imported. */
export function addressOf(path: string): string {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), "file:///import/").href;
}

/** What hinders at a place. */
export function hindrance({ document, path }: Place, rule: string, sentence: string): Hindrance {
  const problem = document.source.problem(path, sentence, { rule: "reference" });
  if (!document.isMade) return { ...problem, rule };
  return { file: problem.file, pointer: pointerOf(path), rule, sentence };
}
