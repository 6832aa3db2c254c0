import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { comesBefore, entryIdIn } from "../../broker/entry-id.js";
import { TYPE_FIELD } from "../../contract/codec.js";
import { ConfigError } from "../../errors.js";
import { linesOf } from "./file-lines.js";
import type { ReplayBounds, ReplayedEntry, ReplaySource } from "./replay-source.js";

const MASKED = "holds masked values, which no handler should get: write the file with merp tail --json --unmasked";

/** The messages of a file that `merp tail --json --unmasked` wrote. A position is the number of a line. */
export function fileSource(path: string, { from, until }: ReplayBounds): ReplaySource {
  let [size, read] = [0, 0];
  return {
    name: basename(path),
    // What is added to the file meanwhile is read as well.
    end: () => Promise.resolve("the last line"),
    async *after(lineRead) {
      size = await sizeOf(path);
      const behind = Number(lineRead ?? 0);
      if (!Number.isSafeInteger(behind) || behind < 0) {
        throw new ConfigError(["the checkpoint names no line: delete it, and begin anew"]);
      }
      let line = 0;
      for await (const { text, bytes } of linesOf(path)) {
        line++;
        read += bytes;
        if (line <= behind || text.trim() === "") continue;
        const replayed = entryOf(text, `${path}, line ${line}`, String(line));
        const { id } = replayed.entry;
        if (!comesBefore(id, from) && !comesBefore(until, id)) yield replayed;
      }
    },
    share: () => (size === 0 ? undefined : Math.min(1, read / size)),
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new ConfigError([`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`]);
  }
}

function entryOf(text: string, place: string, position: string): ReplayedEntry {
  let line: Readonly<Record<string, unknown>> | null;
  try {
    line = JSON.parse(text) as typeof line;
  } catch {
    throw new ConfigError([
      `${place}: is no JSON, as where a file was cut off: delete the line, or write the file again`,
    ]);
  }
  const { id: given, stream, type = "", message, fields, masked, sizes } = line ?? {};
  const id = typeof given === "string" ? entryIdIn(given) : undefined;
  if (masked !== undefined || sizes !== undefined) throw new ConfigError([`${place}: ${MASKED}`]);
  if (id === undefined || typeof stream !== "string" || typeof type !== "string") {
    throw new ConfigError([
      `${place}: is no message: it needs id (an entry's id), stream and type, as merp tail --json writes them`,
    ]);
  }
  if (Array.isArray(fields) && fields.length % 2 === 0 && fields.every((each) => typeof each === "string")) {
    return { stream, position, entry: { id, fields } };
  }
  if (typeof message !== "object" || message === null) throw new ConfigError([`${place}: has no message`]);
  return { stream, position, entry: { id, fields: [TYPE_FIELD, type, "json", textOf(message, place)] } };
}

function textOf(message: object, place: string): string {
  try {
    return JSON.stringify(message);
  } catch {
    throw new ConfigError([`${place}: is nested too deeply`]);
  }
}
