import type { Command } from "commander";
import { prefixed } from "../config/config.js";
import { didYouMean, nearest } from "../config/suggest.js";
import type { Descriptor, Publishable } from "../contract/descriptor.js";
import { printable } from "../contract/printable.js";
import { SUBJECTS_HASH } from "../encryption/redis-subjects.js";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "./catalogue.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { paint } from "./colour.js";
import { CommandError, conclude, exit, operatorCommand } from "./exit.js";
import { encrypting, extensionsFor, type KeyArguments } from "./keys/extension-of.js";
import { type ContentArguments, contentOf } from "./message-content.js";
import { repeated } from "./options.js";
import { write } from "./output.js";

interface PublishArguments extends CatalogueArguments, ChangeArguments, ContentArguments, KeyArguments {
  readonly stream?: string;
  readonly source?: string;
  readonly dryRun?: true;
}

/** `merp publish` */
export const publishCommand: Command = encrypting(
  changing(readingMessages(operatorCommand("publish", "publish one event, notification or health message"))),
)
  .argument("<type>", "its type, such as user.created")
  .option("-f, --file <path>", "its content as JSON; - for the standard input")
  .option("--example", "begin with the example of its schema")
  .option("--set <path=value>", "set a property, such as after_data.name=Ada; may be repeated", repeated)
  .option("--source <service>", "the service that it is from (SERVICE_NAME, or merp)")
  .option("-s, --stream <name>", "its stream, if several have the type")
  .option("--dry-run", "check it and print it, but publish nothing")
  .addHelpText(
    "after",
    `
On a terminal, without --file and --example, what its contract requires is asked for.
Examples:
  merp publish user.deleted --set entity_id=7 --dry-run
  merp publish user.created --example --set after_data.email=ada@example.com --yes`,
  )
  .action((type: string, given: PublishArguments) => conclude(() => runPublish(type, given)));

async function runPublish(type: string, given: PublishArguments): Promise<number> {
  const descriptor = publishableOf(await descriptorsOf(given), type, given.stream);
  const { draftOf, publishDraft } = await import("../operations/messages/draft.js");
  const service = given.source ?? (process.env["SERVICE_NAME"] || "merp");
  const draft = draftOf(descriptor, await contentOf(descriptor, given), { service });
  if (draft.issues.length > 0) {
    const lines = draft.issues.map(({ path, message }) => `  ${path === "" ? "it" : path} ${message}\n`);
    process.stderr.write(
      `${paint("red", "refused:", process.stderr)} ${printable(type)} breaks its contract, and nothing was published\n`,
    );
    process.stderr.write(lines.map((line) => `${printable(line.slice(0, -1))}\n`).join(""));
    return exit.wrong;
  }
  if (given.dryRun === true) {
    await write(`${JSON.stringify(draft.message, null, 2)}\n`);
    process.stderr.write("it keeps its contract; nothing was published (--dry-run)\n");
    return exit.fine;
  }
  const { Operator } = await import("../operations/operator.js");
  const { AuditTrail } = await import("../operations/audit/audit-trail.js");
  const { config, routes } = new Operator({ service }, { name: "publish" });
  try {
    const place =
      config.environment === "development" ? descriptor.stream : `${config.environment}:${descriptor.stream}`;
    const there = { environment: config.environment, client: () => routes.at(prefixed(config, SUBJECTS_HASH)).ready() };
    const extensions = await extensionsFor(descriptor, given, there);
    if (!(await isConfirmed(`publish ${type} to ${place} at ${routes.address}?`, given))) return exit.wrong;
    const details = { type, source: service };
    const change = changeOf(given, { action: "publish", target: descriptor.stream, details });
    const { id, entryId } = await new AuditTrail(config, routes).recorded(change, async () => {
      const published = await publishDraft(descriptor, draft, { service, extensions });
      return { id: published.id, entryId: published.entryId };
    });
    const named = id === undefined ? "" : `, id ${id}`;
    await write(
      `published ${type} to ${place} as ${entryId}${named}\nmerp explain ${entryId} tells what becomes of it\n`,
    );
    return exit.fine;
  } finally {
    routes.close();
  }
}

function publishableOf(descriptors: readonly Descriptor[], type: string, stream: string | undefined): Publishable {
  const named = descriptors.filter((each) => each.type === type && (stream === undefined || each.stream === stream));
  const [found, other] = named.filter(({ kind }) => kind !== "command");
  if (other !== undefined) {
    throw new CommandError(
      `several streams have messages of type ${type}: give --stream ${named.map((each) => each.stream).join(" or ")}`,
    );
  }
  if (found !== undefined) return found as Publishable;
  if (named.length > 0) {
    throw new CommandError(`${type} is a command: it is sent to one service, by send or tell of a service's messaging`);
  }
  const known = descriptors.filter(({ kind }) => kind !== "command").map((each) => each.type);
  const meant = didYouMean(nearest(type, known)) || "; merp docs lists the messages of a catalogue";
  throw new CommandError(
    `the catalogue describes no message of type ${type}${stream === undefined ? "" : ` in ${stream}`}${meant}`,
  );
}
