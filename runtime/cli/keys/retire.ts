import type { Command } from "commander";
import { fileKeys } from "../../encryption/index.js";
import { currentOf, keysIn, readKeyFile, writeKeyFile } from "../../encryption/key-file.js";
import type { KeyUsage, KeyUse } from "../../operations/keys/key-usage.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "../change.js";
import { CommandError, conclude, exit, operatorCommand } from "../exit.js";
import { findingPeople, type PeopleArguments } from "../people.js";
import { keyId } from "./key-id.js";
import { assertOutboxesNamed, findingOutboxes, type OutboxArguments } from "./outboxes.js";
import { placesOf, unreadLine } from "./use-lines.js";
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

async function retire(id: string, path: string | undefined, given: RetireArguments): Promise<number> {
  if (path !== undefined) assertOld(id, path);
  assertOutboxesNamed(given);
  return withKeys(given, async (tools) => {
    const usage = await tools.usage();
    const needing = usage.uses.filter((use) => use.keyId === id && isNeeding(use));
    if (needing.length > 0 || usage.unread > 0) {
      const values = needing.reduce((sum, use) => sum + use.values, 0);
      if (values > 0) print(`not retired: ${values} values can be read by ${id} alone: ${placesOf(needing)}`);
      process.stdout.write(unreadLine(usage));
      print(adviceFor(needing, usage.unread > 0));
      return exit.wrong;
    }
    const moved = given.people === false ? 0 : await peopleUnder(id, usage, tools);
    if (path === undefined) {
      if (moved > 0) print(`not retired: ${moved} keys of people are encrypted under ${id}; give the file of keys`);
      else print(`nothing needs ${id} any more: take it out of MESSAGE_KEYS`);
      return moved > 0 ? exit.wrong : exit.fine;
    }
    const people = moved === 0 ? "" : `, after ${moved} keys of people are moved to the current key`;
    if (!(await isConfirmed(`remove the key ${id} from ${path}, for good${people}?`, given))) return exit.wrong;
    const change = changeOf(given, { action: "keys retire", target: id, details: { file: path } });
    await tools.trail.recorded(change, async () => {
      const rewrapped = moved === 0 ? 0 : await movePeople(id, path, tools);
      const file = readKeyFile(path);
      writeKeyFile(path, { ...file, keys: file.keys.filter((key) => key.id !== id) });
      return { rewrapped };
    });
    print(`retired ${id}`);
    return exit.fine;
  });
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

/** What to do besides, by the places in a database. */
const ADVICE = {
  outbox: "of the outbox, merp outbox retry or discard what was refused",
  inbox: "an inbox forgets answers by itself",
  saga: "sagas need it until they have ended: merp saga retry those that are stuck, merp saga cancel those that run",
} as const;

/** What was settled is kept for the record, and not read again. */
function isNeeding({ place, isPerson }: KeyUse): boolean {
  return !isPerson && place !== "settled dead letters";
}

function adviceFor(needing: readonly KeyUse[], isAnyUnread: boolean): string {
  const isInRedis = isAnyUnread || needing.some(({ place }) => place !== "inbox" && place !== "saga");
  const trimmed = "wait until they are trimmed, and redrive or discard the dead letters";
  const places = Object.entries(ADVICE).filter(([place]) => needing.some((use) => use.place.includes(place)));
  return [...(isInRedis ? [trimmed] : []), ...places.map(([, text]) => text)].join("; ");
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

async function movePeople(id: string, path: string, { people }: KeyTools): Promise<number> {
  const { rewrap } = await import("../../operations/keys/people.js");
  return rewrap(await people(), fileKeys(path), id);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
