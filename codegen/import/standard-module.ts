import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isObject } from "../schema/walk.js";
import { type Document, type Hindrance, madeDocument } from "./document.js";
import { ImportRefusedError } from "./failure.js";
import { without } from "./raw.js";

/** The schemas that a module exports. */
export interface ModuleContents {
  readonly documents: readonly Document[];
  readonly hindrances: readonly Hindrance[];
}

const TARGET = "draft-2020-12";

interface Converter {
  readonly input: (options: { readonly target: string }) => Record<string, unknown>;
}

/**
 * Loads a module of the user's project, and asks each exported schema for its JSON Schema, as Standard JSON Schema
 * provides for it: the schema of what is read from the wire.
 *
 * @throws {ImportRefusedError} if the module cannot be loaded or exports no schema
 */
export async function readModule(name: string): Promise<ModuleContents> {
  const exported = await load(name);
  const documents: Document[] = [];
  const hindrances: Hindrance[] = [];
  for (const [key, value] of Object.entries(exported).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const standard = standardOf(value);
    if (standard === undefined) continue;
    const file = `${name} (${key})`;
    const refuse = (rule: string, sentence: string): number => hindrances.push({ file, pointer: "", rule, sentence });
    const { vendor = "its maker", jsonSchema } = standard;
    if (jsonSchema === undefined) {
      const older = vendor === "zod" ? "; zod has it since 4.2" : "";
      refuse("no-json-schema", `${String(vendor)} gives no JSON Schema of it in this version${older}`);
      continue;
    }
    try {
      const given: unknown = JSON.parse(JSON.stringify((jsonSchema as Converter).input({ target: TARGET })));
      const facts = { draft: "2020-12", stem: stemOf(key, name) } as const;
      if (!isObject(given)) {
        refuse("no-json-schema", `${String(vendor)} gives no schema of it`);
        continue;
      }
      const document = madeDocument(file, without(given, "$schema"), facts);
      const [problem] = document.source.syntaxProblems;
      if (problem === undefined) documents.push(document);
      else refuse(problem.rule, problem.sentence);
    } catch (error) {
      refuse("no-json-schema", `${String(vendor)} cannot say it as JSON Schema: ${messageOf(error)}`);
    }
  }
  if (documents.length + hindrances.length === 0) {
    throw new ImportRefusedError(
      `${name} exports no schema: export values with "~standard", as those of zod 4.2 and of other libraries with Standard JSON Schema`,
    );
  }
  return { documents, hindrances };
}

/** `orderPlacedSchema` is `orderPlaced`; what is exported by default has the file's name. */
function stemOf(key: string, name: string): string {
  const file = name.slice(name.lastIndexOf("/") + 1).replace(/\.[cm]?[jt]s$/, "");
  return key === "default" ? file : key.replace(/(?<=.)Schema$/, "");
}

/** Schemas of some makers are functions. */
function standardOf(value: unknown): { readonly vendor?: unknown; readonly jsonSchema?: unknown } | undefined {
  if (!(typeof value === "function" || isObject(value))) return undefined;
  const standard = (value as { readonly "~standard"?: unknown })["~standard"];
  return isObject(standard) ? standard : undefined;
}

async function load(name: string): Promise<object> {
  const isPath = /^[./\\]|^[A-Za-z]:|\.[cm]?[jt]s$/.test(name);
  try {
    const path = isPath ? resolve(name) : createRequire(resolve("package.json")).resolve(name);
    return (await import(pathToFileURL(path).href)) as object;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new ImportRefusedError(
        `this version of Node cannot load ${name}: compile it to JavaScript, or run merp under tsx`,
        { cause: error },
      );
    }
    throw new ImportRefusedError(`${name} cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return first;
}
