import { envelopes, ownPackage } from "../../../codegen/cli/own-package.js";
import { type Imported, type ImportOptions, importSchemas } from "../../../codegen/index.js";
import type { Files } from "../catalogue.js";
import { Scratch } from "../scratch.js";

type Json = Readonly<Record<string, unknown>>;

/** An import with its files as values. */
export interface Result extends Omit<Imported, "files"> {
  readonly files: Readonly<Record<string, Json>>;
  /** The names of all changes. */
  readonly rules: readonly string[];
}

export type Options = Partial<Omit<ImportOptions, "envelopes" | "name">>;

/** Imports a folder of these files, or one of them, into a new catalogue. */
export async function imported(files: Files, options: Options = {}, only = ""): Promise<Result> {
  await using scratch = await Scratch.create({});
  for (const [path, content] of Object.entries(files)) {
    await scratch.write(`in/${path}`, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
  return run(scratch.path(`in/${only}`).replace(/\/$/, ""), scratch, options);
}

/** Imports what is at a path, of a scratch folder's own or not. */
export async function run(input: string, scratch: Scratch, options: Options = {}): Promise<Result> {
  const { files, ...rest } = await importSchemas(input, scratch.path("schemas"), {
    ...{ kind: "event", as: "payload", name: "shop", envelopes: envelopes(ownPackage()) },
    ...options,
  });
  const parsed = [...files].map(([path, text]) => [path, JSON.parse(text) as Json] as const);
  return { ...rest, files: Object.fromEntries(parsed), rules: [...new Set(rest.changes.map(({ rule }) => rule))] };
}
