import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import { fileOf, type Model } from "../model/model.js";

/** Files that every catalogue generates. */
const ownFiles = new Set(["catalogue", "handlers", "index", "test-messaging", "testing"]);

/** Folders that hold what is generated beside a schema's own file. */
const ownFolders = { compiled: ["schemas", "examples"], standalone: ["schemas", "examples", "checks"] };

/** Finds schema files whose generated files would have the path of another, also where letters have no case. */
export function checkPaths(model: Model): readonly Problem[] {
  const problems: Problem[] = [];
  const taken = new Map<string, Source>();
  const files = new Map(model.definitions.map((definition) => [definition.source, fileOf(definition)]));
  for (const [source, file] of files) {
    const path = file.toLowerCase();
    const [folder = "", ...rest] = path.split("/");
    const other = taken.get(path);
    const report = (sentence: string): number =>
      problems.push(source.problem([], sentence, { rule: "generated-path" }));
    if (rest.length === 0 && ownFiles.has(path)) {
      report(`"${file}.ts" is generated for every catalogue; rename the schema file`);
    } else if (rest.length > 0 && ownFolders[model.config.checks].includes(folder)) {
      const which = folder === "checks" ? "catalogue with standalone checks" : "catalogue";
      report(`the folder "${folder}" is generated for every ${which}; move the schema file to another`);
    } else if (path.endsWith(".d")) {
      report(`"${file}.ts" would be a declaration file of TypeScript; rename the schema file`);
    } else if (other !== undefined) {
      report(`has the same generated file as ${other.shownPath} where letters have no case; rename one of them`);
    } else taken.set(path, source);
  }
  return problems;
}
