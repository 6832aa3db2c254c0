import { loadModule, ModuleError, messageOf } from "../load/module.js";
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
  try {
    return await loadModule(name);
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    throw new ImportRefusedError(error.message, { cause: error });
  }
}
