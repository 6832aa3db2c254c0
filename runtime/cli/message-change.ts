import type { Command } from "commander";
import { prefixed } from "../config/config.js";
import { didYouMean, nearest } from "../config/suggest.js";
import type { Descriptor } from "../contract/descriptor.js";
import { printable } from "../contract/printable.js";
import { SUBJECTS_HASH } from "../encryption/redis-subjects.js";
import type { Draft } from "../operations/messages/draft.js";
import { type CatalogueArguments, readingMessages } from "./catalogue.js";
import { type ChangeArguments, changeOf, changing, isConfirmed } from "./change.js";
import { paint } from "./colour.js";
import { CommandError, exit, operatorCommand } from "./exit.js";
import { encrypting, extensionsFor, type KeyArguments } from "./keys/extension-of.js";
import { type ContentArguments, contentOf } from "./message-content.js";
import { repeated } from "./options.js";
import { write } from "./output.js";

/** What every command takes that writes a message. */
export interface MessageArguments extends CatalogueArguments, ChangeArguments, ContentArguments, KeyArguments {
  readonly stream?: string;
  readonly source?: string;
  readonly dryRun?: true;
}

/** A command that writes one message, with the options for its content. */
export function writingMessage(name: string, description: string): Command {
  return encrypting(changing(readingMessages(operatorCommand(name, description))))
    .option("-f, --file <path>", "its content as JSON; - for the standard input")
    .option("--example", "begin with the example of its schema")
    .option("--set <path=value>", "set a property, such as after_data.name=Ada; may be repeated", repeated)
    .option("--source <service>", "the service that it is from (SERVICE_NAME, or merp)")
    .option("-s, --stream <name>", "its stream, if several have the type")
    .option("--dry-run", "check it and print it, but write nothing to Redis");
}

/** The one message of a type among those that may be meant. @param otherwise - why there is none, if something else has the type */
export function describedAs(
  all: readonly Descriptor[],
  { type, stream }: { readonly type: string; readonly stream: string | undefined },
  { isMeant, otherwise }: { readonly isMeant: (descriptor: Descriptor) => boolean; readonly otherwise: string },
): Descriptor {
  const named = all.filter((each) => each.type === type && (stream === undefined || each.stream === stream));
  const [found, other] = named.filter(isMeant);
  if (other !== undefined) {
    throw new CommandError(
      `several streams have messages of type ${type}: give --stream ${named.map((each) => each.stream).join(" or ")}`,
    );
  }
  if (found !== undefined) return found;
  if (named.length > 0) throw new CommandError(otherwise);
  const known = all.filter(isMeant).map((each) => each.type);
  const meant = didYouMean(nearest(type, known)) || "; merp docs lists the messages of a catalogue";
  throw new CommandError(
    `the catalogue describes no message of type ${type}${stream === undefined ? "" : ` in ${stream}`}${meant}`,
  );
}

/** The service that a message is from. */
export function sourceOf({ source }: MessageArguments): string {
  return source ?? (process.env["SERVICE_NAME"] || "merp");
}

/**
 * Completes a message and judges it. Returns the exit code where nothing is to be written: it breaks its contract, or is only to
 * be shown.
 *
 * @param done - what was not done to it: `published`
 */
export async function checkedDraft(
  descriptor: Descriptor,
  given: MessageArguments,
  { content, done }: { readonly content?: Readonly<Record<string, unknown>>; readonly done: string },
): Promise<Draft | number> {
  const { draftOf } = await import("../operations/messages/draft.js");
  const full = { ...(await contentOf(descriptor, given)), ...content };
  const draft = draftOf(descriptor, full, { service: sourceOf(given) });
  if (draft.issues.length > 0) {
    const lines = draft.issues.map(({ path, message }) => `  ${path === "" ? "it" : path} ${message}`);
    const refused = paint("red", "refused:", process.stderr);
    process.stderr.write(
      `${refused} ${printable(descriptor.type)} breaks its contract, and nothing was ${done}\n${lines.map((line) => `${printable(line)}\n`).join("")}`,
    );
    return exit.wrong;
  }
  if (given.dryRun !== true) return draft;
  await write(`${JSON.stringify(draft.message, null, 2)}\n`);
  process.stderr.write(`it keeps its contract; nothing was ${done} (--dry-run)\n`);
  return exit.fine;
}

/** What is done with a message. */
export interface MessageChange {
  readonly action: "publish" | "send";
  readonly descriptor: Descriptor;
  /** To whom, for the question and the record. */
  readonly to?: string;
}

type Extensions = Awaited<ReturnType<typeof extensionsFor>>;

/**
 * Asks, records, and does it. `undefined` if the operator did not confirm.
 *
 * @param make - its result is recorded, and must hold no content of messages
 */
export async function changingMessages<Result extends Readonly<Record<string, unknown>>>(
  { action, descriptor, to }: MessageChange,
  given: MessageArguments,
  make: (extensions: Extensions) => Promise<Result>,
): Promise<{ readonly result: Result; readonly place: string } | undefined> {
  const { Operator } = await import("../operations/operator.js");
  const { AuditTrail } = await import("../operations/audit/audit-trail.js");
  const { type, stream } = descriptor;
  const service = sourceOf(given);
  const { config, routes } = new Operator({ service }, { name: action });
  try {
    const place = config.environment === "development" ? stream : `${config.environment}:${stream}`;
    const there = { environment: config.environment, client: () => routes.at(prefixed(config, SUBJECTS_HASH)).ready() };
    const extensions = await extensionsFor(descriptor, given, there);
    const whom = to === undefined ? "" : ` ${to}`;
    if (!(await isConfirmed(`${action} ${type} to${whom || ` ${place}`} at ${routes.address}?`, given)))
      return undefined;
    const details = { type, source: service, ...(to !== undefined && { to }) };
    const change = changeOf(given, { action, target: stream, details });
    const result = await new AuditTrail(config, routes).recorded(change, async () => make(extensions));
    return { result, place };
  } finally {
    routes.close();
  }
}
