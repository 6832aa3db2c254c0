import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";

/** Beside a name of this length there is room for what is added to it while a file is written. */
const LONGEST = 200;

/** Names that Windows gives to devices, whatever follows the point. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Checks that a schema file, and what is generated from it, can have its name in every file system. */
export function checkFilePath(source: Source): readonly Problem[] {
  const sentence = faultOf(source.path.split("/"));
  return sentence === undefined ? [] : [source.problem([], sentence, { rule: "file-path" })];
}

function faultOf(names: readonly string[]): string | undefined {
  if (!names.every((name) => /^\w[\w.-]*$/.test(name)))
    return "the path of a schema file may contain only letters, digits, `.`, `_` and `-`";
  if (names.some(({ length }) => length > LONGEST))
    return `the name of a file or a folder has at most ${LONGEST} characters`;
  const reserved = names.find((name) => DEVICE.test(name));
  if (reserved !== undefined) return `"${reserved}" is the name of a device in Windows; choose another name`;
  return names.some((name) => name.endsWith(".")) ? "Windows has no folder whose name ends in a point" : undefined;
}
