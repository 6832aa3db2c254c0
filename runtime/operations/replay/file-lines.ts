import { createReadStream } from "node:fs";
import { ConfigError } from "../../errors.js";

/** A line of a file, and how many bytes it has with its end. */
export interface FileLine {
  readonly text: string;
  readonly bytes: number;
}

/** No message is longer, and no more is held of a file. */
const LONGEST_LINE = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * Reads a file line by line. A line feed alone ends a line: what else counts as an end elsewhere, such as U+2028, may stand in a
 * text of JSON.
 *
 * @throws {ConfigError} the file cannot be read, or a line is longer than any message
 */
export async function* linesOf(path: string, longest: number = LONGEST_LINE): AsyncGenerator<FileLine> {
  let [parts, bytes]: [Buffer[], number] = [[], 0];
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      const part = chunk.subarray(from, end);
      from = end + 1;
      if (bytes + part.length > longest) throw tooLong(path, longest);
      yield { text: Buffer.concat([...parts, part]).toString(), bytes: bytes + part.length + 1 };
      [parts, bytes] = [[], 0];
    }
    const rest = chunk.subarray(from);
    bytes += rest.length;
    if (bytes > longest) throw tooLong(path, longest);
    if (rest.length > 0) parts.push(rest);
  }
  if (bytes > 0) yield { text: Buffer.concat(parts).toString(), bytes };
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (error) {
    throw new ConfigError([`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`]);
  }
}

function tooLong(path: string, longest: number): ConfigError {
  return new ConfigError([
    `${path} has a line of more than ${longest} bytes: it is no file that merp tail --json wrote`,
  ]);
}
