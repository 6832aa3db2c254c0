import type { Command } from "commander";
import type { SubjectStore } from "../encryption/subject-store.js";
import { KEPT_MS } from "../encryption/subjects.js";
import { type CatalogueArguments, readingMessages } from "./catalogue.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { findingOutboxes, type OutboxArguments, outboxesOf, UNSEEN } from "./keys/outboxes.js";
import { placesOf, unreadLine } from "./keys/use-lines.js";
import { type KeyTools, withKeys } from "./keys/with-keys.js";
import { ForbiddenError, findingPeople, type PeopleArguments } from "./people.js";
import { say } from "./say.js";

type ForgetArguments = ChangeArguments & CatalogueArguments & PeopleArguments & OutboxArguments;

/** `merp forget` */
export const forgetCommand: Command = findingOutboxes(
  findingPeople(
    readingMessages(
      changing(operatorCommand("forget", "destroy a person's key, so that nobody reads what it encrypted")),
    ),
  ),
)
  .argument("<kind>", "the kind of person: user")
  .argument("<id>", "the id, as it is in messages: 123")
  .action((kind: string, id: string, given: ForgetArguments) =>
    conclude(() => forget(`${kind.toLowerCase()}:${id}`, given)),
  );

/** Destroys the key of a person, and says where values that it encrypted remain. */
export async function forget(subject: string, given: ForgetArguments): Promise<number> {
  return withKeys(given, async (tools) => {
    const people = await tools.people();
    const { key, erased } = await people.get(subject);
    if (key === undefined) {
      const last = erased.at(-1);
      if (last === undefined) {
        say(`there is no key of ${subject}: nothing was encrypted for that person`);
        return exit.wrong;
      }
      const isKept = await isConfirmedBy(people);
      say(`${subject} was forgotten at ${last.at}`);
      if (!isKept) say("it is not confirmed that every replica has it: this user lacks a right for that (ACL GETUSER)");
      await tellWhere(last.id, given, tools);
      return exit.fine;
    }
    const question = `destroy the key of ${subject}, for good? What it encrypted cannot be read any more`;
    if (!(await isConfirmed(question, given))) return exit.wrong;
    const change = changeOf(given, { action: "forget", target: subject, details: {} });
    await tools.trail.recorded(change, async () => {
      const gone = await people.erase(subject, new Date().toISOString());
      return { key: gone?.id ?? "none" };
    });
    say(`${subject} is forgotten`);
    say(`services that read a value within the last ${KEPT_MS / 1000} s may do so until then`);
    say("a backup of the store of people's keys still has the key");
    await tellWhere(key.id, given, tools);
    return exit.fine;
  });
}

/** Of a run that failed here, not every replica may have it. Erasing again would destroy a key that a service has just made. */
async function isConfirmedBy(people: SubjectStore): Promise<boolean> {
  try {
    await people.confirm?.();
    return true;
  } catch (error) {
    if (error instanceof ForbiddenError) return false;
    throw error;
  }
}

async function tellWhere(keyId: string, given: OutboxArguments, { usage }: KeyTools): Promise<void> {
  const found = await usage(keyId);
  if (found.uses.length === 0) say("no ciphertext of it is left");
  else say(`ciphertexts that nobody can read any more: ${placesOf(found.uses)}`);
  if (found.unread > 0) say(unreadLine(found));
  if (outboxesOf(given) === undefined) say(UNSEEN);
}
