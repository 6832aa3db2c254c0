import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { folderSubjects, redisSubjects } from "../encryption/index.js";
import type { HashClient } from "../encryption/redis-subjects.js";
import type { SubjectStore } from "../encryption/subject-store.js";
import { CommandError } from "./exit.js";

/** What every command that needs the keys of people takes. */
export interface PeopleArguments {
  /** `false`: there are none. */
  readonly people?: string | false;
}

/** Adds the option that says where the keys of people are. */
export function findingPeople(command: Command): Command {
  return command.option(
    "--people <where>",
    "where people's keys are: redis, a folder, or a module that exports the store as people; also MERP_PEOPLE (redis)",
  );
}

/**
 * The store of people's keys: the one that is named, else that of `MERP_PEOPLE`, else the hash in the Redis of the messages.
 *
 * @throws {CommandError} the module cannot be loaded, or exports no store
 */
export async function peopleOf(
  { people }: PeopleArguments,
  { environment, client }: { readonly environment: string; readonly client: () => Promise<unknown> },
): Promise<SubjectStore> {
  const where = people || process.env["MERP_PEOPLE"] || "redis";
  const store = await storeAt(where, client);
  store.placed?.({ environment });
  return store;
}

async function storeAt(where: string, client: () => Promise<unknown>): Promise<SubjectStore> {
  if (where === "redis") return redisSubjects((await client()) as HashClient);
  if (!/\.[cm]?js$/.test(where)) return folderSubjects(resolve(where));
  let exported: { readonly people?: Partial<SubjectStore> };
  try {
    exported = (await import(pathToFileURL(resolve(where)).href)) as typeof exported;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(`the module ${where} cannot be loaded (${code ?? message.split("\n", 1)[0]})`);
  }
  const { people } = exported;
  if (typeof people?.get === "function" && typeof people.erase === "function") return people as SubjectStore;
  throw new CommandError(`${where} exports no store of people's keys: export it as people`);
}
