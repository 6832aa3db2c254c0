import { pointerOf, valueAt } from "../schema/pointer.js";
import { isObject } from "../schema/walk.js";
import type { Definitions } from "./definition.js";
import type { Change, Document } from "./document.js";

/** Where a document has its definitions. */
const containers = [["$defs"], ["definitions"], ["components", "schemas"]];

/** The definitions of documents that nothing refers to, so that they are left out. */
export function unusedIn(documents: Iterable<Document>, definitions: Definitions): readonly Change[] {
  return [...documents].flatMap((document) =>
    containers.flatMap((path) => {
      const found = valueAt(document.value, path);
      return Object.keys(isObject(found) ? found : {})
        .map((name) => ({ document, path: [...path, name] }))
        .filter((place) => !definitions.has(place))
        .map(
          (place): Change => ({
            rule: "unused-definition",
            file: document.source.shownPath,
            pointer: pointerOf(place.path),
          }),
        );
    }),
  );
}
