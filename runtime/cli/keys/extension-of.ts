import type { Command } from "commander";
import type { Descriptor } from "../../contract/descriptor.js";
import { encryption, environmentKeys, fileKeys } from "../../encryption/index.js";
import { CommandError } from "../exit.js";
import { findingPeople, type PeopleArguments, peopleOf } from "../people.js";

/** What a command that encrypts takes. */
export interface KeyArguments extends PeopleArguments {
  readonly keys?: string;
}

/** Adds the options of a command that encrypts. */
export function encrypting(command: Command): Command {
  return findingPeople(command.option("--keys <file>", "the file of keys, for encrypted values (MESSAGE_KEYS)"));
}

/**
 * What encrypts a message of a type, if any of it is encrypted.
 *
 * @throws {CommandError} it is, and there are no keys
 */
export async function extensionsFor(
  { encrypts, type }: Descriptor,
  given: KeyArguments,
  place: Parameters<typeof peopleOf>[1],
): Promise<readonly ReturnType<typeof encryption>[]> {
  if (encrypts !== true) return [];
  const { keys: path } = given;
  if (path === undefined && !process.env["MESSAGE_KEYS"]) {
    throw new CommandError(`${type} has encrypted values: give --keys, or set MESSAGE_KEYS`);
  }
  const keys = path === undefined ? environmentKeys() : fileKeys(path);
  return [encryption({ keys, people: await peopleOf(given, place) })];
}
