import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PlainMessage, TYPE_PROPERTIES } from "../../contract/codec.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { ContractError } from "../../errors.js";
import { type DeadLetter, type LetterMessage, readLetter } from "../../operations/index.js";
import { type ChangeArguments, changeOf, isConfirmed } from "../change.js";
import { CommandError, exit } from "../exit.js";
import { type LetterPlace, locate } from "./locate.js";
import { type LetterTool, streamsOf } from "./tool.js";
import { counted, enumerated, stateWords } from "./words.js";

interface EditArguments extends ChangeArguments {
  readonly stream?: readonly string[];
  readonly edit?: true;
  readonly with?: string;
}

/** Redrives an edited copy of one letter's message. Nothing is changed where the copy breaks its contract. */
export async function redriveEdited(tool: LetterTool, text: string, args: EditArguments): Promise<number> {
  const place = await locate(tool, text, await streamsOf(tool, args.stream), true);
  const letter = await tool.letters.get(place.stream, place.id);
  if (letter.state.state !== "open") {
    process.stderr.write(`dead letter ${place.id} ${stateWords(letter.state)}\n`);
    return exit.wrong;
  }
  const read = readLetter(letter, tool.descriptors);
  if (args.with !== undefined) return returned(tool, { place, letter, read }, await parsed(args.with), args);
  return inEditor(textOf(letter, read), (edited) => returned(tool, { place, letter, read }, edited, args));
}

interface Edited {
  readonly place: LetterPlace;
  readonly letter: DeadLetter;
  readonly read: LetterMessage;
}

async function returned(
  { letters, audit, descriptors }: LetterTool,
  { place, letter, read }: Edited,
  edited: unknown,
  args: ChangeArguments,
): Promise<number> {
  const descriptor = read.descriptor ?? describing(descriptors, place, edited);
  if (descriptor === undefined) {
    throw new CommandError(
      `the catalogue does not describe ${letter.type ?? "the type of the message"}: give --catalogue`,
    );
  }
  const own = { ...descriptor, stream: place.stream };
  const changed = await letters.editedPaths(own, place.id, edited);
  if (changed.length === 0) {
    process.stderr.write("nothing was done: the copy is as the message was; redrive it as it is\n");
    return exit.wrong;
  }
  const what = `an edited copy of dead letter ${place.id} (${descriptor.type})`;
  if (!(await isConfirmed(`redrive ${what} to ${letter.group}? It changes ${enumerated(changed)}.`, args)))
    return exit.wrong;
  const details = { ids: [place.id], changed };
  const change = changeOf(args, { action: "dead-letters redrive", target: place.stream, details });
  const by = args.who === undefined ? {} : { by: args.who };
  const { redriven } = await audit.recorded(change, async () => {
    const { state } = await letters.redriveEdited(own, place.id, edited, by);
    return { redriven: state === "redriven" ? 1 : 0 };
  });
  process.stdout.write(
    `redriven ${counted(redriven, "dead letter")}, as an edited copy (changed: ${changed.join(", ")})\n`,
  );
  return exit.fine;
}

/** The contract of what replaces an entry that states no type. */
function describing(
  descriptors: readonly Descriptor[],
  { stream }: LetterPlace,
  edited: unknown,
): Descriptor | undefined {
  const named = Object.values(TYPE_PROPERTIES).map((name) => (edited as PlainMessage | null)?.[name]);
  return descriptors.find((each) => each.stream === stream && named.includes(each.type));
}

function textOf({ type, original }: DeadLetter, { descriptor, message }: LetterMessage): string {
  if (message !== undefined) return `${JSON.stringify(message, undefined, 2)}\n`;
  if (original.length === 0) throw new CommandError("the letter does not hold its entry: give the message with --with");
  if (descriptor !== undefined) throw new CommandError("the entry cannot be read: give the message with --with");
  throw new CommandError(`the catalogue does not describe ${type ?? "the entry"}: give --catalogue`);
}

async function parsed(file: string): Promise<unknown> {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return messageIn(text, file);
}

/** @throws {CommandError} it is no JSON */
function messageIn(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Of a short text the engine does not tell the position.
    const [, offset] = /position (\d+)/.exec((error as Error).message) ?? [];
    const before = text.slice(0, Number(offset)).split("\n");
    const place = offset === undefined ? "" : `:${before.length}:${(before.at(-1) ?? "").length + 1}`;
    throw new CommandError(`${file}${place} is not valid JSON; nothing was done`);
  }
}

/** Has the operator edit a text until it is taken, or given up. It is in a file that nobody else can read, and is removed. */
async function inEditor(text: string, use: (edited: unknown) => Promise<number>): Promise<number> {
  if (process.stdin.isTTY !== true) throw new CommandError("there is no terminal for an editor: give --with <file>");
  const folder = mkdtempSync(join(tmpdir(), "merp-"));
  const file = join(folder, "message.json");
  try {
    writeFileSync(file, text, { mode: 0o600 });
    for (;;) {
      edit(file);
      const edited = readFileSync(file, "utf8");
      if (edited === text) {
        process.stderr.write("nothing was done: the message is as it was; redrive it without --edit\n");
        return exit.wrong;
      }
      try {
        return await use(messageIn(edited, "the message"));
      } catch (error) {
        if (!(error instanceof ContractError || error instanceof CommandError)) throw error;
        process.stderr.write(`${told(error)}\n`);
        if (!(await isConfirmed("edit it again?", {}))) return exit.wrong;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function told(error: ContractError | CommandError): string {
  if (!(error instanceof ContractError)) return error.message;
  return error.issues.map(({ path, message }) => `${path || "the message"} ${message}`).join("\n");
}

function edit(file: string): void {
  const editor = process.env["VISUAL"] || process.env["EDITOR"] || "vi";
  // An editor may be named with its options.
  const { status, error } = spawnSync("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  if (status !== 0) throw new CommandError(`nothing was done: ${editor} ended with ${error?.message ?? status}`);
}
