import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { folderSubjects, redisSubjects } from "../encryption/index.js";
import type { HashClient } from "../encryption/redis-subjects.js";
import type { SubjectKey, SubjectStore } from "../encryption/subject-store.js";
import { MessagingError } from "../errors.js";
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
  return new TellingStore(store, where);
}

/** The user of the store lacks a right. Redis says it otherwise of a command in a script. */
export class ForbiddenError extends CommandError {}

/** A store whose failures are told in a sentence: what it throws is its driver's, and may quote keys. */
class TellingStore implements SubjectStore {
  readonly #store: SubjectStore;
  readonly #where: string;

  constructor(store: SubjectStore, where: string) {
    this.#store = store;
    this.#where = where;
  }

  get(subject: string): ReturnType<SubjectStore["get"]> {
    return this.#told(() => this.#store.get(subject));
  }

  add(subject: string, key: SubjectKey): ReturnType<SubjectStore["add"]> {
    return this.#told(() => this.#store.add(subject, key));
  }

  erase(subject: string, at: string): ReturnType<SubjectStore["erase"]> {
    return this.#told(() => this.#store.erase(subject, at));
  }

  async *all(): ReturnType<SubjectStore["all"]> {
    try {
      yield* this.#store.all();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  rewrap(subject: string, key: SubjectKey): Promise<void> {
    return this.#told(() => this.#store.rewrap(subject, key));
  }

  confirm(): Promise<void> {
    return this.#told(async () => this.#store.confirm?.());
  }

  async #told<Result>(ask: () => Promise<Result>): Promise<Result> {
    try {
      return await ask();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): Error {
    if (error instanceof MessagingError || error instanceof CommandError) return error;
    const { code, message = "" } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
    const text = `the store of people's keys (--people ${this.#where}) failed: ${code ?? message.split("\n", 1)[0]}`;
    if (!/^NOPERM|can't run this command/.test(message)) return new CommandError(text);
    return new ForbiddenError(`${text}. Check the rights of this user (ACL GETUSER)`);
  }
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
