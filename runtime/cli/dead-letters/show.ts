import type { Command } from "commander";
import { cut, printable, printableJson } from "../../contract/printable.js";
import {
  type DeadLetter,
  type DeadLetterHistory,
  type DeadLetterSummary,
  type LetterMessage,
  readLetter,
} from "../../operations/index.js";
import { type CatalogueArguments, readingMessages } from "../catalogue.js";
import { paint } from "../colour.js";
import { CommandError, exit, operatorCommand } from "../exit.js";
import { type LetterPlace, locate } from "./locate.js";
import { type LetterTool, ofStreams, streamsOf, withLetters } from "./tool.js";
import { ago, errorLine, ordinal, stateWords } from "./words.js";

interface ShowArguments extends CatalogueArguments {
  readonly stream?: readonly string[];
  readonly raw?: true;
  readonly json?: true;
}

/** A text of more characters, and a message of more lines, is cut, unless it is printed as JSON. */
const LONGEST_TEXT = 2000;
const MOST_LINES = 300;

/** `merp dead-letters show` */
export const showCommand: Command = readingMessages(
  ofStreams(
    operatorCommand("show", "show one dead letter: its message, the errors of its attempts, and its history")
      .argument("<id>", "its id, or that of its message or its entry")
      .option("--raw", "print the entry as it is on the wire; refused where its contract marks anything as sensitive")
      .option("--json", "print it as JSON, in one line"),
  ),
).action((id: string, args: ShowArguments) => withLetters(args, (tool) => showLetter(tool, id, args)));

/** Prints one dead letter. */
export async function showLetter(tool: LetterTool, text: string, args: ShowArguments): Promise<number> {
  const place = await locate(tool, text, await streamsOf(tool, args.stream));
  const letter = await tool.letters.get(place.stream, place.id);
  const read = readLetter(letter, tool.descriptors);
  if (args.raw === true) return printRaw(letter, read);
  const history = await tool.letters.history(place.stream, place.id);
  const { original: _, ...record } = letter;
  const { message, issues } = read;
  if (args.json === true) {
    process.stdout.write(`${printableJson({ queue: place.stream, ...record, message, issues, history })}\n`);
    return exit.fine;
  }
  const own = history.letters.find(({ id }) => id === place.id);
  print([...summary(place, letter, own), ...errors(letter), ...messageLines(letter, read), ...historyLines(history)]);
  return exit.fine;
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

/** What is wrong, and how it is mended. */
function summary(
  { stream, id }: LetterPlace,
  letter: DeadLetter,
  own: DeadLetterSummary | undefined,
): readonly string[] {
  const { type = "an entry that names no type", group, attempts, state, service, consumer, problem } = letter;
  const times = own !== undefined && own.deaths > 1 ? ` for the ${ordinal(own.deaths)} time` : "";
  const after = `after ${attempts} attempt${attempts === 1 ? "" : "s"}`;
  const error = errorLine({ error: letter.errors.at(-1), reason: letter.reason });
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["letter", `${id} of ${stream}, ${stateWords(state)}`],
    ["died", `${letter.failedAt} (${ago(letter.failedAt)})`],
    ["group", `${group}, in ${consumer}${service === "" ? "" : ` of ${service}`}`],
    ["entry", `${letter.entryId} of ${letter.stream}`],
    ["message", letter.messageId],
    ["correlation", letter.correlationId],
    ["cause", own?.cause],
    ["kept apart", letter.keptBytes === undefined ? undefined : `${letter.keptBytes} bytes, in its stream`],
    ["unreadable", problem],
  ];
  const mend = `Mend the cause, then: merp dead-letters redrive ${id}`;
  return [
    `${paint("red", printable(type))} died in ${printable(group)} ${after}${times}: ${printable(error)}`,
    ...(state.state === "open" ? [mend] : []),
    "",
    ...facts.flatMap(([name, fact]) => (fact === undefined ? [] : [`${name.padEnd(12)}${printable(fact)}`])),
  ];
}

function errors({ errors: failures }: DeadLetter): readonly string[] {
  return [
    "",
    failures.length === 1 ? "The error:" : "The errors of its attempts, the oldest first:",
    ...failures.flatMap(({ at, stack = "", ...error }) => [
      `  ${printable(at)} ${printable(errorLine({ error: { at, ...error }, reason: "" }))}`,
      ...stack
        .split("\n")
        .filter(Boolean)
        .map((line) => paint("dim", `    ${printable(line.trim())}`)),
    ]),
  ];
}

function messageLines(letter: DeadLetter, { descriptor, message, issues, isPublic }: LetterMessage): readonly string[] {
  if (letter.original.length === 0) return ["", "It does not hold its entry."];
  if (message === undefined) {
    const names = letter.original.filter((_, at) => at % 2 === 0).map((name) => printable(cut(name.toString(), 100)));
    const why =
      descriptor === undefined && !isPublic
        ? `the catalogue does not describe ${printable(letter.type ?? "")}: give --catalogue`
        : "it is no message";
    const raw = isPublic ? "; --raw prints it" : "";
    return [
      "",
      `Its entry cannot be read${raw}: ${issues[0] === undefined ? why : printable(issues[0].message)}`,
      `  fields: ${names.slice(0, 50).join(", ")}`,
    ];
  }
  const texts = JSON.stringify(
    message,
    (_, value) => (typeof value === "string" ? cut(value, LONGEST_TEXT) : value),
    2,
  ).split("\n");
  const rest = texts.length - MOST_LINES;
  return [
    "",
    isPublic ? "The message:" : "The message, with … for what is sensitive:",
    ...texts.slice(0, MOST_LINES).map((line) => `  ${printable(line)}`),
    ...(rest > 0 ? [`  … ${rest} lines more: --json prints all`] : []),
    ...(issues.length === 0 ? [] : ["", "What its readers refuse:"]),
    ...issues.map(({ path, message: what }) => `  ${printable(`${path || "the message"} ${what}`)}`),
  ];
}

const NOW = {
  waiting: "It waits for a member of the group to read it.",
  pending: "A member of the group handles it.",
  parked: "It failed again, and waits for its retry.",
  settled: "It was handled, or a member skipped it.",
} as const;

function historyLines({ letters, whereabouts }: DeadLetterHistory): readonly string[] {
  if (letters.length < 2 && whereabouts === undefined) return [];
  return [
    "",
    "What became of its message:",
    ...letters.map((each) => `  ${each.id} died (${printable(errorLine(each))}), ${printable(stateWords(each.state))}`),
    ...(whereabouts === undefined ? [] : [`  ${NOW[whereabouts]}`]),
  ];
}

function printRaw({ original, type }: DeadLetter, { descriptor, isPublic }: LetterMessage): number {
  if (!isPublic) {
    const why =
      descriptor === undefined
        ? `the catalogue does not describe ${type}, so nobody knows whether it is sensitive: give --catalogue`
        : `the contract of ${type} marks values as sensitive: leave --raw out to see the rest`;
    throw new CommandError(why);
  }
  for (let at = 0; at + 1 < original.length; at += 2) {
    process.stdout.write(`${printable(String(original[at]))}: ${printable(String(original[at + 1]))}\n`);
  }
  return exit.fine;
}
