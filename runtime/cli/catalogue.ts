import { createRequire } from "node:module";
import { extname, isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import type { Descriptor } from "../contract/descriptor.js";
import { CommandError } from "./exit.js";

/** What every command that reads messages takes. */
export interface CatalogueArguments {
  readonly catalogue?: string;
}

/** Adds the option that names the catalogue. */
export function readingMessages(command: Command): Command {
  return command.option(
    "--catalogue <module>",
    "the generated module: a file of JavaScript, or a package; also MERP_CATALOGUE (M-ERP's own messages)",
  );
}

/**
 * The descriptors that a generated module exports: the one that is named, else that of `MERP_CATALOGUE`, else M-ERP's own.
 *
 * @throws {CommandError} it cannot be loaded, or describes no messages
 */
export async function descriptorsOf(given: CatalogueArguments): Promise<readonly Descriptor[]> {
  const named = nameOf(given);
  const exported = named === undefined ? await import(ownModule("index")) : await importNamed(named);
  const found = Object.values(exported as Readonly<Record<string, unknown>>).filter(isDescriptor);
  if (found.length === 0) throw new CommandError(`${named} exports no messages: name the generated index.js`);
  return found;
}

/**
 * The example of a message: the first that its schema has. It is in the testing entry beside the generated module.
 *
 * @throws {CommandError} there is none
 */
export async function exampleOf(
  { kind, type }: Descriptor,
  given: CatalogueArguments,
): Promise<Readonly<Record<string, unknown>>> {
  const named = nameOf(given);
  const testing =
    named && (isFile(named) ? named.replace(/[^/]*$/, (file) => `testing${extname(file)}`) : `${named}/testing`);
  const exported = testing === undefined ? await import(ownModule("testing")) : await importNamed(testing);
  for (const [name, make] of Object.entries(exported as Readonly<Record<string, unknown>>)) {
    if (!/^example./.test(name) || typeof make !== "function") continue;
    const example = (make as () => Readonly<Record<string, unknown>>)();
    if (kind === "health" ? "service_name" in example : example[`${kind}_type`] === type) return example;
  }
  throw new CommandError(`the schema of ${type} has no example: give --file, or --set for each property`);
}

function nameOf({ catalogue }: CatalogueArguments): string | undefined {
  return catalogue ?? (process.env["MERP_CATALOGUE"] || undefined);
}

/** The address of a module of M-ERP's own catalogue. */
function ownModule(name: string): string {
  return new URL(`../../generated/${name}${extname(import.meta.url)}`, import.meta.url).href;
}

function isFile(named: string): boolean {
  return /^\.{0,2}\//.test(named) || isAbsolute(named) || /\.[cm]?[jt]s$/.test(named);
}

async function importNamed(named: string): Promise<unknown> {
  try {
    // A package is that of the project, not one beside this command.
    const path = isFile(named) ? resolve(named) : createRequire(resolve("package.json")).resolve(named);
    return await import(pathToFileURL(path).href);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isTypeScript = code === "ERR_UNKNOWN_FILE_EXTENSION" || /\.[cm]?ts$/.test(named);
    const advice = isTypeScript ? "; compile it first, or run merp with: node --import tsx" : "";
    throw new CommandError(`the catalogue ${named} cannot be loaded (${code ?? message.split("\n", 1)[0]})${advice}`);
  }
}

function isDescriptor(value: unknown): value is Descriptor {
  const { kind, type, stream } = (value ?? {}) as Partial<Record<keyof Descriptor, unknown>>;
  return [kind, type, stream].every((each) => typeof each === "string");
}
