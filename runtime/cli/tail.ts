import type { Command } from "commander";
import type { Unseen } from "../operations/ask-each.js";
import type { TailedMessage } from "../operations/messages/tail.js";
import { type CatalogueArguments, descriptorsOf, readingMessages } from "./catalogue.js";
import { type ChangeArguments, changeOf } from "./change.js";
import { paint } from "./colour.js";
import { conclude, exit, operatorCommand } from "./exit.js";
import { Flood } from "./flood.js";
import { jsonLine, messageBody, messageLine } from "./message-line.js";
import { repeated, wholeNumber } from "./options.js";
import { untilInterrupted, write } from "./output.js";
import { widthOf } from "./table.js";
import { positionAt, sinceOption, untilOption } from "./time.js";
import { tellUnseen } from "./unseen.js";

interface TailArguments extends CatalogueArguments, Pick<ChangeArguments, "who" | "why"> {
  readonly stream?: readonly string[];
  readonly company?: string;
  readonly correlation?: string;
  readonly source?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly follow: boolean;
  readonly json?: true;
  readonly full?: true;
  readonly unmasked?: true;
  readonly rate: number;
}

/** `merp tail` */
export const tailCommand: Command = readingMessages(
  operatorCommand("tail", "show messages as they are published, without taking them from anybody"),
)
  .argument("[types...]", "types or patterns such as user.* (all messages of the catalogue)")
  .option("-s, --stream <name>", "only this stream; may be repeated", repeated)
  .option("--company <id>", "only messages of this company")
  .option("--correlation <id>", "only messages with this correlation id")
  .option("--source <service>", "only messages of this service")
  .option(
    "--since <time | id>",
    "begin earlier: 10m, 2026-05-01T03:00:00Z, or an entry's id",
    positionAt(sinceOption, 0),
  )
  .option(
    "--until <time | id>",
    "end there: a moment to come such as 10m, a time, or an entry's id",
    positionAt(untilOption, 1),
  )
  .option("-n, --limit <number>", "end after so many messages", wholeNumber)
  .option("--no-follow", "end at what is there now")
  .option("--full", "show each message's content below its line")
  .option("--json", "print each message as a line of JSON")
  .option("--unmasked", "show sensitive values and unknown types, too; this is recorded (merp:audit)")
  .option("--why <text>", "the reason for --unmasked, for the record")
  .option("--who <name>", "who looks, for the record of --unmasked")
  .option("--rate <number>", "how many live messages a second a terminal is given; 0 for all", wholeNumber, 100)
  .addHelpText(
    "after",
    `
Times are UTC. Values that a schema marks as sensitive, and those that it does not describe, are shown as …
Examples:
  merp tail "user.*" --since 10m --full
  merp tail --correlation 985329c1-9789-4731-b311-205992b09849 --since 1d --no-follow
  merp tail partner.updated --since 2h --no-follow --json --unmasked > partners.jsonl`,
  )
  .action((types: readonly string[], given: TailArguments) => conclude(() => runTail(types, given)));

async function runTail(types: readonly string[], given: TailArguments): Promise<number> {
  const signal = untilInterrupted();
  const descriptors = await descriptorsOf(given);
  // Imported here because they bring the Redis client, which the help does not need.
  const { Operator } = await import("../operations/operator.js");
  const { streamsOf, unknownTypes } = await import("../operations/messages/message-filter.js");
  const { tail } = await import("../operations/messages/tail.js");
  for (const sentence of unknownTypes(descriptors, types)) note(sentence);
  const operator = new Operator({}, { name: "tail" });
  const { since, until, follow, company, correlation, source } = given;
  const filter = {
    types,
    ...(company === undefined ? {} : { company }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    ...(source === undefined ? {} : { source }),
  };
  const streams = [...new Set(given.stream ?? streamsOf(descriptors, filter))];
  if (follow && process.stderr.isTTY === true) note(`following ${streams.join(", ")}; Ctrl-C ends it`);
  try {
    let code: number = exit.fine;
    const options = {
      streams,
      from: since ?? (follow ? undefined : "0-1"),
      to: until,
      isOver: !follow,
      signal,
      filter,
      unseen: (all: readonly Unseen[]) => {
        code = tellUnseen(all);
      },
    };
    if (given.unmasked === true) {
      const { AuditTrail } = await import("../operations/audit/audit-trail.js");
      note("sensitive values are shown, and it is recorded who looked");
      const change = changeOf(given, {
        action: "tail --unmasked",
        target: streams.join(","),
        details: { types, since },
      });
      const trail = new AuditTrail(operator.config, operator.routes);
      await trail.recorded(change, async () => ({
        shown: await show(tail(operator, descriptors, { ...options, notice: note, unmasked: true }), given),
      }));
    } else await show(tail(operator, descriptors, { ...options, notice: note }), given);
    return code;
  } finally {
    operator.routes.close();
  }
}

/** Prints messages as they come. Resolves to how many. */
async function show(messages: AsyncIterable<TailedMessage>, given: TailArguments): Promise<number> {
  const { limit = Number.POSITIVE_INFINITY, json, full } = given;
  // Who reads a file or a pipe gets everything.
  const flood = new Flood(json !== true && process.stdout.isTTY === true ? given.rate : 0, note);
  let count = 0;
  for await (const message of messages) {
    if (!flood.admits(message.isLive)) continue;
    if (json === true) await write(jsonLine(message));
    else await write(`${messageLine(message, widthOf())}\n${full === true ? messageBody(message) : ""}`);
    if (++count >= limit) break;
  }
  flood.tell();
  if (count === 0) note("no message matches");
  return count;
}

function note(sentence: string): void {
  process.stderr.write(`${paint("yellow", "note:", process.stderr)} ${sentence}\n`);
}
