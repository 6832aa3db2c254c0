import { createRequire } from "node:module";
import { isAbsolute, resolve } from "node:path";
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
export async function descriptorsOf({ catalogue }: CatalogueArguments): Promise<readonly Descriptor[]> {
  const named = catalogue ?? (process.env["MERP_CATALOGUE"] || undefined);
  const own = new URL(`../../generated/index${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  const exported = named === undefined ? await import(own.href) : await importNamed(named);
  const found = Object.values(exported as Readonly<Record<string, unknown>>).filter(isDescriptor);
  if (found.length === 0) throw new CommandError(`${named} exports no messages: name the generated index.js`);
  return found;
}

async function importNamed(named: string): Promise<unknown> {
  const isFile = /^\.{0,2}\//.test(named) || isAbsolute(named) || /\.[cm]?[jt]s$/.test(named);
  try {
    // A package is that of the project, not one beside this command.
    const path = isFile ? resolve(named) : createRequire(resolve("package.json")).resolve(named);
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
