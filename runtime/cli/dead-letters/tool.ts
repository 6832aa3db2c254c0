import type { Command } from "commander";
import { didYouMean, nearest } from "../../config/suggest.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { AuditTrail } from "../../operations/audit/audit-trail.js";
import type { DeadLetters } from "../../operations/index.js";
import { Operator } from "../../operations/operator.js";
import { deadLettersOf } from "../../operations/redis-dead-letters.js";
import type { Routes } from "../../operations/routes.js";
import { type CatalogueArguments, descriptorsOf } from "../catalogue.js";
import { CommandError, conclude } from "../exit.js";

/** What the commands on dead letters work with. */
export interface LetterTool {
  readonly letters: DeadLetters;
  readonly audit: AuditTrail;
  readonly descriptors: readonly Descriptor[];
  readonly routes: Pick<Routes, "hasMasters">;
}

/** Adds the option that names streams, for commands whose arguments are ids. */
export function ofStreams(command: Command): Command {
  // A list of names would take the ids that follow it.
  const added = (name: string, names: readonly string[] = []): readonly string[] => [...names, name];
  return command.option(
    "-s, --stream <name>",
    "look in this stream alone; may be repeated (all of the catalogue)",
    added,
  );
}

/** Runs a command on the dead letters of the Redis that the environment names. */
export function withLetters(args: CatalogueArguments, use: (tool: LetterTool) => Promise<number>): Promise<void> {
  return conclude(async () => {
    const descriptors = await descriptorsOf(args);
    const { config, routes } = new Operator({}, { name: "operator" });
    try {
      return await use({
        letters: deadLettersOf(config, routes),
        audit: new AuditTrail(config, routes),
        ...{ descriptors, routes },
      });
    } finally {
      routes.close();
    }
  });
}

/**
 * The streams that an operator names, else all of the catalogue.
 *
 * @throws {CommandError} one is neither in the catalogue nor has dead letters
 */
export async function streamsOf(
  { letters, descriptors }: Pick<LetterTool, "letters" | "descriptors">,
  named: readonly string[] = [],
): Promise<readonly string[]> {
  const known = [...new Set(descriptors.map(({ stream }) => stream))].sort();
  for (const name of named) {
    if (known.includes(name)) continue;
    const first = await letters.summaries(name, { state: "any" }).next();
    if (first.done !== true) continue;
    const meant = didYouMean(nearest(name, known));
    throw new CommandError(
      `there is no stream ${name}: the catalogue has ${known.join(", ")}. Give its name without the environment, or --catalogue${meant}`,
    );
  }
  return named.length === 0 ? known : [...new Set(named)];
}
