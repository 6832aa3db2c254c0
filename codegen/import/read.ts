import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { Source } from "../load/source.js";
import { keywords } from "../schema/keyword.js";
import { isObject } from "../schema/walk.js";
import { addressOf, type Document, documentOf, type Hindrance } from "./document.js";
import { type Draft, drafts, probableDraft, statedDraft } from "./draft.js";
import { ImportRefusedError } from "./failure.js";
import { innerSchemas, type Raw } from "./raw.js";

/** Documents as they were read. */
export interface Reading {
  readonly documents: readonly Document[];
  /** The documents that were asked for; others are there because these refer to them. */
  readonly asked: ReadonlySet<Document>;
  readonly hindrances: readonly Hindrance[];
  /** The documents whose draft is assumed. */
  readonly assumed: ReadonlySet<Document>;
}

/**
 * Reads a file, and the files that it refers to, or every file of a folder.
 *
 * @param given the draft of files that state none
 * @throws {ImportRefusedError} if there is no such file or folder, or the folder holds no JSON
 */
export function readFiles(path: string, given?: Draft): Reading {
  if (!existsSync(path)) throw new ImportRefusedError(`${path} does not exist`);
  const isFolder = statSync(path).isDirectory();
  const folder = isFolder ? path : dirname(path);
  const reader = new Reader(folder, given);
  if (isFolder) for (const file of filesOf(path)) reader.read(file, true);
  else reader.read(basename(path), true);
  if (isFolder && reader.isEmpty)
    throw new ImportRefusedError(`${path} holds no JSON; give the folder with the schemas`);
  return reader;
}

function filesOf(folder: string): readonly string[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw new ImportRefusedError(`${folder} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return entries
    .filter((entry) => entry.isFile() && /\.(?:json|ya?ml)$/i.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !/(?:^|\/)(?:node_modules|\.[^/]*)\//.test(path))
    .sort();
}

class Reader implements Reading {
  readonly documents: Document[] = [];
  readonly asked = new Set<Document>();
  readonly hindrances: Hindrance[] = [];
  readonly assumed = new Set<Document>();
  readonly #folder: string;
  readonly #given: Draft | undefined;
  readonly #seen = new Set<string>();

  constructor(folder: string, given: Draft | undefined) {
    this.#folder = folder;
    this.#given = given;
  }

  get isEmpty(): boolean {
    return this.#seen.size === 0;
  }

  read(path: string, isAsked: boolean): void {
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    const shown = join(this.#folder, path).replaceAll("\\", "/");
    const refuse = (rule: string, sentence: string): number =>
      this.hindrances.push({ file: shown, pointer: "", rule, sentence });
    if (/\.ya?ml$/i.test(path)) {
      refuse(
        "yaml",
        `is YAML, and merp reads JSON; convert it: npx js-yaml ${shown} > ${shown.replace(/\.\w+$/, ".json")}`,
      );
      return;
    }
    let text: string;
    try {
      text = readFileSync(join(this.#folder, path), "utf8").replace(/^\ufeff/, "");
    } catch (error) {
      refuse("unreadable", `cannot be read: ${(error as Error).message}`);
      return;
    }
    const source = new Source(path, shown, text);
    this.hindrances.push(...source.syntaxProblems);
    if (source.syntaxProblems.length > 0) return;
    if (!isSchemaLike(source.value)) {
      refuse("no-schema", "is no JSON Schema: it has none of its keywords");
      return;
    }
    const draft = this.#draftOf(source.value);
    if (draft === undefined) {
      const sentence = `its "$schema" is none of the drafts ${drafts.join(", ")}; say with --draft which it is to be read as`;
      this.hindrances.push({ ...source.problem(["$schema"], sentence, { rule: "dialect" }) });
      return;
    }
    const stem = path.replace(/(?:\.schema)?\.json$/i, "");
    const document = documentOf(source, { draft, stem, address: addressOf(path), isMade: false });
    this.documents.push(document);
    if (isAsked) this.asked.add(document);
    if (this.#given === undefined && statedDraft(document.value) === "none" && !isAsyncApi(document.value)) {
      this.assumed.add(document);
    }
    for (const file of filesReferredTo(document.value)) this.#follow(document, file);
  }

  #draftOf(value: Raw): Draft | undefined {
    if (isAsyncApi(value)) return "07";
    const stated = statedDraft(value);
    if (stated !== "none") return stated ?? this.#given;
    return this.#given ?? probableDraft(value);
  }

  /** Files within the folder, or within the project, are read when another refers to them. */
  #follow({ address, source }: Document, file: string): void {
    if (!new URL(file, address).href.startsWith("file:///")) return;
    const target = resolve(this.#folder, dirname(source.path), decodeURIComponent(file));
    const isNear = [resolve(this.#folder), resolve(".")].some((root) => !relative(root, target).startsWith(".."));
    if (isNear && existsSync(target) && statSync(target).isFile()) {
      this.read(relative(resolve(this.#folder), target).replaceAll("\\", "/"), false);
    }
  }
}

/** The files that the `$ref`s of a document name, whatever holds them. */
function filesReferredTo(value: unknown): readonly string[] {
  const found = new Set<string>();
  const visit = (inner: unknown): void => {
    if (Array.isArray(inner)) for (const item of inner) visit(item);
    if (!isObject(inner)) return;
    const [file = ""] = typeof inner["$ref"] === "string" ? inner["$ref"].split("#") : [];
    if (file !== "" && !/^[a-z][a-z0-9+.-]*:/i.test(file)) found.add(file);
    for (const part of Object.values(inner)) visit(part);
  };
  visit(value);
  return [...found];
}

/** Returns whether a document is one of AsyncAPI. */
export function isAsyncApi(value: Raw): boolean {
  return typeof value["asyncapi"] === "string";
}

function isSchemaLike(value: unknown): value is Raw {
  if (!isObject(value)) return false;
  const other = ["$id", "definitions", "dependencies", "$anchor"];
  const silent = ["description", "title", "examples", "default", "deprecated"];
  const known = Object.keys(value).filter((key) => (keywords.has(key) && !silent.includes(key)) || other.includes(key));
  // package.json has a `type` as well.
  const isTyped = [value["type"]].flat().every((type) => type !== "module" && type !== "commonjs");
  return isAsyncApi(value) || (isTyped && (known.length > 0 || innerSchemas(value).length > 0));
}
