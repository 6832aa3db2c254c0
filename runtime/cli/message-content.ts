import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { getOwn, setOwn } from "../contract/field.js";
import { keysOf } from "../contract/issue-path.js";
import { type CatalogueArguments, exampleOf } from "./catalogue.js";
import { inDialogue } from "./dialogue.js";
import { CommandError } from "./exit.js";

/** Where a message's content comes from. */
export interface ContentArguments extends CatalogueArguments {
  readonly file?: string;
  readonly example?: true;
  readonly set?: readonly string[];
}

type Content = Record<string, unknown>;

/** What lies deeper is asked for as JSON. */
const DEEPEST = 10;
/** What the runtime fills in. */
const FILLED: ReadonlySet<string> = new Set(["id", "timestamp", "source_service", "service_name", "correlation_id"]);

/**
 * A message's content from a file, its schema's example, or the answers of who sits at the terminal; with what `--set` changes.
 *
 * @throws {CommandError} it cannot be read
 */
export async function contentOf(descriptor: Descriptor, given: ContentArguments): Promise<Content> {
  const { file, example, set = [] } = given;
  if (file !== undefined && example === true) throw new CommandError("give --file or --example, not both");
  const { typedValue } = await import("../operations/messages/draft.js");
  let content: Content = {};
  if (file !== undefined) content = await read(file);
  if (example === true) content = withoutIdentity(await exampleOf(descriptor, given));
  for (const assignment of set) {
    const [, path, text] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    const keys = keysOf(path ?? "").map(String);
    if (text === undefined || keys.length === 0) {
      throw new CommandError(`--set takes a path and a value, such as after_data.name=Ada, not ${assignment}`);
    }
    assign(content, keys, typedValue(descriptor.schema, keys, text), assignment);
  }
  if (file === undefined && example === undefined && process.stdin.isTTY === true) await askFor(descriptor, content);
  return content;
}

async function read(file: string): Promise<Content> {
  let text: string;
  try {
    text = file === "-" ? await textOf(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const name = file === "-" ? "the standard input" : file;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    const lines = text.slice(0, faultIn(text)).split("\n");
    throw new CommandError(
      `${name} is not valid JSON: look at line ${lines.length}, near column ${(lines.at(-1)?.length ?? 0) + 1}`,
    );
  }
  if (typeof content === "object" && content !== null && !Array.isArray(content)) return content as Content;
  throw new CommandError(`${name} must hold one message: an object of JSON`);
}

/** Where JSON is wrong: what is before it lacks only an end. JavaScript's error does not always tell. */
function faultIn(text: string): number {
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (lacksOnlyItsEnd(text.slice(0, middle + 1))) least = middle + 1;
    else most = middle;
  }
  return least;
}

function lacksOnlyItsEnd(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    return /end of JSON|Unterminated/.test(message) || message.includes(`position ${text.length}`);
  }
}

/** What is published is a new message. */
function withoutIdentity(example: Readonly<Content>): Content {
  return Object.fromEntries(Object.entries(example).filter(([name]) => !FILLED.has(name) && name !== "metadata"));
}

function assign(content: Content, keys: readonly string[], value: unknown, assignment: string): void {
  let at: Content = content;
  for (const [n, key] of keys.slice(0, -1).entries()) {
    if (getOwn(at, key) === undefined) setOwn(at, key, {});
    const next = getOwn(at, key);
    if (typeof next !== "object" || next === null) {
      throw new CommandError(`--set ${assignment}: ${keys.slice(0, n + 1).join(".")} holds a value, not an object`);
    }
    at = next as Content;
  }
  setOwn(at, keys.at(-1) as string, value);
}

/** Asks for what the contract requires and the content lacks. An object is asked for by its parts. */
async function askFor({ schema, ...descriptor }: Descriptor, content: Content): Promise<void> {
  const { schemasAt, typedValue } = await import("../operations/messages/draft.js");
  const { list } = contractOf({ schema, ...descriptor }).fields;
  const known = list.filter((field) => field.constant !== undefined || field.default !== undefined);
  const left = new Set([...FILLED, ...known.map(({ name }) => name)]);
  await inDialogue(async (ask) => {
    const visit = async (keys: readonly string[], within: Content): Promise<void> => {
      for (const name of new Set(schemasAt(schema, keys).flatMap(({ required = [] }) => required))) {
        const path = [...keys, name];
        const schemas = schemasAt(schema, path);
        const hasParts = schemas.some(({ properties }) => properties !== undefined) && path.length < DEEPEST;
        if ((keys.length === 0 && left.has(name)) || (within[name] !== undefined && !hasParts)) continue;
        if (hasParts) {
          const inner = (within[name] ?? {}) as Content;
          within[name] = inner;
          await visit(path, inner);
          continue;
        }
        const kinds = new Set(schemas.flatMap(({ type, enum: values }) => values?.map(String) ?? type ?? []));
        const text = await ask(`${path.join(".")}${kinds.size === 0 ? "" : ` (${[...kinds].join(" | ")})`}: `);
        if (text !== "") within[name] = typedValue(schema, path, text);
      }
    };
    await visit([], content);
  });
}
