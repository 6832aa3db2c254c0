import { createReadStream } from "node:fs";

/** A message as it was found. */
export interface FoundMessage {
  /** The file with the line, or with the place in the list: `orders.jsonl:3`, `orders.json[2]`. */
  readonly where: string;
  readonly json: string;
}

/** A file cannot be read, or is not JSON. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
  readonly code = "MESSAGES_UNREADABLE";
}

/**
 * The messages of a file, or of the standard input for `-`: one a line, a list, or a single one. Lines are read as they
 * come; of such a file no more than a line is held.
 *
 * @throws {UnreadableError} if it cannot be read, or is none of these
 */
export async function* messagesOf(path: string): AsyncGenerator<FoundMessage, void, undefined> {
  const name = path === "-" ? "stdin" : path;
  const held: string[] = [];
  let areLines: boolean | undefined;
  let number = 0;
  for await (const line of linesOf(path, name)) {
    number++;
    if (areLines === undefined && line.trim() !== "") areLines = isObject(parse(line));
    if (areLines !== true) held.push(line);
    else if (line.trim() !== "") yield { where: `${name}:${number}`, json: line };
  }
  if (areLines === undefined) throw new UnreadableError(`${name} is empty`);
  if (areLines) return;
  const text = held.join("\n");
  const whole = parse(text);
  if (isObject(whole)) yield { where: name, json: text };
  else if (Array.isArray(whole)) {
    for (const [at, item] of whole.entries()) yield { where: `${name}[${at}]`, json: JSON.stringify(item) };
  } else if (held.some((line) => isObject(parse(line)))) {
    // Lines, of which the first is broken.
    for (const [at, line] of held.entries()) if (line.trim() !== "") yield { where: `${name}:${at + 1}`, json: line };
  } else {
    throw new UnreadableError(`${name} holds no messages: give JSON, as one message a line, a list, or a single one`);
  }
}

async function* linesOf(path: string, name: string): AsyncGenerator<string, void, undefined> {
  const stream = path === "-" ? process.stdin : createReadStream(path);
  let rest = "";
  let isFirst = true;
  try {
    for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) {
      const [start = "", ...lines] = (isFirst ? chunk.replace(/^\ufeff/, "") : chunk).split("\n");
      isFirst = false;
      rest += start;
      for (const line of lines) {
        yield rest;
        rest = line;
      }
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UnreadableError(code === "ENOENT" ? `${name} does not exist` : `${name} cannot be read: ${message}`);
  }
  if (rest !== "") yield rest;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
