import type { Command } from "commander";
import { fileKeys } from "../../encryption/index.js";
import { currentOf, keysIn, readKeyFile } from "../../encryption/key-file.js";
import type { KeyUsage } from "../../operations/keys/key-usage.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "../change.js";
import { CommandError, conclude, exit, operatorCommand } from "../exit.js";
import { findingPeople, type PeopleArguments } from "../people.js";
import { say } from "../say.js";
import { changeKeyFile } from "./change-key-file.js";
import { keyId } from "./key-id.js";
import { assertUnneeded, KeyNeededError } from "./needed.js";
import { assertOutboxesNamed, findingOutboxes, type OutboxArguments } from "./outboxes.js";
import { type KeyTools, withKeys } from "./with-keys.js";

type RetireArguments = ChangeArguments & CatalogueArguments & PeopleArguments & OutboxArguments;

/** `merp keys retire` */
export const retireCommand: Command = findingOutboxes(
  findingPeople(readingMessages(changing(operatorCommand("retire", "remove a key that nothing needs any more")))),
)
  .option("--no-people", "there are no keys of people, or everybody is forgotten")
  .argument("<id>", "the id of the key", keyId)
  .argument("[file]", "the file of keys; without, it is only judged whether anything needs the key")
  .action((id: string, file: string | undefined, given: RetireArguments) => conclude(() => retire(id, file, given)));

/** Removes a key from a file, or tells what needs it. */
export async function retire(id: string, path: string | undefined, given: RetireArguments): Promise<number> {
  if (path !== undefined) assertOld(id, path);
  assertOutboxesNamed(given);
  try {
    return await withKeys(given, (tools) => retireUnneeded(id, path, given, tools));
  } catch (error) {
    if (!(error instanceof KeyNeededError)) throw error;
    say(error.message);
    return exit.wrong;
  }
}

async function retireUnneeded(
  id: string,
  path: string | undefined,
  given: RetireArguments,
  tools: KeyTools,
): Promise<number> {
  const usage = await tools.usage();
  assertUnneeded(id, usage);
  const moving = given.people === false ? 0 : await peopleUnder(id, usage, tools);
  if (path === undefined) {
    if (moving > 0) say(`not retired: ${moving} keys of people are encrypted under ${id}; give the file of keys`);
    else say(`nothing needs ${id} any more: take it out of MESSAGE_KEYS`);
    return moving > 0 ? exit.wrong : exit.fine;
  }
  const people = moving === 0 ? "" : `, after ${moving} keys of people are moved to the current key`;
  if (!(await isConfirmed(`remove the key ${id} from ${path}, for good${people}?`, given))) return exit.wrong;
  const change = changeOf(given, { action: "keys retire", target: id, details: { file: path } });
  await tools.trail.recorded(change, async () => {
    let rewrapped = 0;
    await changeKeyFile(path, async () => {
      // Until here, another command may have removed it, and a service may have used it.
      assertOld(id, path);
      assertUnneeded(id, await tools.usage());
      rewrapped = given.people === false ? 0 : await movePeople(id, path, tools);
      const file = readKeyFile(path);
      return { ...file, keys: file.keys.filter((key) => key.id !== id) };
    });
    return { rewrapped };
  });
  say(`retired ${id}`);
  return exit.fine;
}

/** A key that still writes, or is to write, is not removed. */
function assertOld(id: string, path: string): void {
  const keys = keysIn(readKeyFile(path), path);
  const key = keys.get(id);
  if (key === undefined) throw new CommandError(`${path} has no key ${id}; it has ${[...keys.keys()].join(", ")}`);
  const current = currentOf(keys.values(), Date.now());
  if (current === key)
    throw new CommandError(`services write with ${id}: merp keys rotate ${path} adds another key first`);
  if (key.fromMs > Date.now()) throw new CommandError(`services will write with ${id}: take it out of ${path} by hand`);
}

/** @throws {CommandError} the store is another one than that of the services: what it does not have cannot be moved */
async function peopleUnder(id: string, { uses }: KeyUsage, { people, hasPeople }: KeyTools): Promise<number> {
  const { wrappedUnder } = await import("../../operations/keys/people.js");
  const store = await people();
  // A run that failed may have moved keys that the store's replicas still have under the old key.
  await store.confirm?.();
  const counts = await wrappedUnder(store);
  if (counts.size === 0 && (uses.some(({ isPerson }) => isPerson) || (await hasPeople()))) {
    const remedy = "give --people with the store of the services, or --no-people if no person has a key";
    throw new CommandError(`values are encrypted for people, and this store has no key of anybody: ${remedy}`);
  }
  return counts.get(id) ?? 0;
}

/** @throws {KeyNeededError} a service makes keys of people under it at the same time */
async function movePeople(id: string, path: string, { people }: KeyTools): Promise<number> {
  const { rewrap, wrappedUnder } = await import("../../operations/keys/people.js");
  const store = await people();
  const count = await rewrap(store, fileKeys(path), id);
  const left = (await wrappedUnder(store)).get(id) ?? 0;
  if (left === 0) return count;
  const why = "a service makes keys of people under it: see that each has the file as it is now";
  throw new KeyNeededError(`not retired: ${left} keys of people are encrypted under ${id}\n${why}`);
}
