import { posix } from "node:path";
import type { Source } from "../load/source.js";
import { walk } from "../schema/walk.js";
import type { Document } from "./document.js";
import { type Entry, typeFrom } from "./entry.js";
import { fileOf } from "./message-file.js";

/**
 * The new file of each document's types: `types/order.placed.json` of a message, `types/address.json` of `address.json`.
 * Documents of one name get different files, and none gets a file that the catalogue needs as it is.
 */
export function typesFiles(
  documents: readonly Document[],
  entries: readonly Entry[],
  present: readonly Source[],
): (document: Document) => string {
  const wanted = new Map(documents.map((document) => [document, namesOf(document, entries).map(pathOf)]));
  const replaced = new Set([...entries.map(fileOf), ...[...wanted.values()].flat()]);
  const taken = new Set(present.filter(({ path }) => !replaced.has(path)).flatMap((source) => filesNeededBy(source)));
  const files = new Map<Document, string>();
  for (const [document, paths] of wanted) {
    const [first = ""] = paths;
    let free = paths.find((path) => !taken.has(path.toLowerCase()));
    for (let number = 2; free === undefined; number++) {
      const other = first.replace(/\.json$/, `_${number}.json`);
      if (!taken.has(other.toLowerCase())) free = other;
    }
    taken.add(free.toLowerCase());
    files.set(document, free);
  }
  return (document) => files.get(document) ?? pathOf("imported");
}

/** Names for a document, the best first: that of its message, or its own, without and with its folder. */
function namesOf(document: Document, entries: readonly Entry[]): readonly string[] {
  const message = entries.find(({ place }) => place.document === document && place.path.length === 0);
  const { stem } = document;
  const own = [typeFrom(stem.slice(stem.lastIndexOf("/") + 1), "type"), typeFrom(stem, "type")];
  return message === undefined ? own : [message.type, ...own];
}

function pathOf(name: string): string {
  return `types/${name.replace(/[^\w.-]/g, "_")}.json`;
}

function filesNeededBy({ path, schema = {} }: Source): readonly string[] {
  return walk(schema).flatMap(([, { $ref = "" }]) => {
    const [file = ""] = $ref.split("#");
    return file === "" ? [] : [posix.join(posix.dirname(path), file).toLowerCase()];
  });
}
