import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import { type Kind, kinds } from "../model/kind.js";
import { suggest } from "../schema/suggest.js";
import { isObject } from "../schema/walk.js";

const folders = kinds.map(({ folder }) => folder);

/**
 * Finds messages in a folder of no kind, of which nothing would be generated but a type. Any other folder may hold shared
 * types, unless its name is almost that of a kind.
 */
export function checkFolder(source: Source): readonly Problem[] {
  const [folder = "", ...rest] = source.path.split("/");
  if (rest.length > 0 && folders.includes(folder)) return [];
  const meant = kindOfMessage(source)?.folder;
  const suggestion = meant === undefined ? suggest(folder, folders) : `"${meant}"`;
  if (meant === undefined && (suggestion === undefined || rest.length === 0)) return [];
  const place = rest.length === 0 ? "lies in no folder" : `the folder "${folder}" is that of no kind of message`;
  return [source.problem([], `${place}; messages lie in ${folders.join(", ")}`, { rule: "kind-folder", suggestion })];
}

/** The kind whose type a file declares. */
function kindOfMessage({ value }: Source): Kind | undefined {
  const properties: unknown = isObject(value) ? value["properties"] : undefined;
  if (!isObject(properties)) return undefined;
  return kinds.find(({ typeProperty }) => {
    const property = typeProperty === undefined ? undefined : properties[typeProperty];
    return isObject(property) && "const" in property;
  });
}
