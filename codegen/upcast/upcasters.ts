import { join } from "node:path";
import type { Upcaster } from "../../runtime/contract/upcaster.js";
import { Upcasting } from "../../runtime/contract/upcasting.js";
import { ConfigError } from "../../runtime/errors.js";
import { ModuleError } from "../load/module.js";
import { CatalogueError, type Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import type { Model } from "../model/model.js";
import { upcastersOf } from "./module.js";
import { type Tried, tried } from "./trial.js";

/**
 * Tries the upcasters of the module that `catalogue.json` names.
 *
 * @param source `catalogue.json`, which is the place of every problem
 * @throws {CatalogueError} if there is no upcaster, or one that must not be used
 */
export async function tryUpcasters(source: Source, model: Model, schemasFolder: string): Promise<readonly Tried[]> {
  const { upcasters: path } = model.config;
  if (path === undefined) return [];
  const problem = (sentence: string): Problem => source.problem(["upcasters"], sentence, { rule: "upcaster" });
  const found = await load(join(schemasFolder, path).replaceAll("\\", "/"), problem);
  const results = [...found].map(([upcaster, name]) => ({ name, result: tried(upcaster, model) }));
  const faults = results.flatMap(({ name, result: { from, to, fault } }) =>
    fault === undefined ? [] : [problem(`the upcaster ${name} from ${from} to ${to} ${fault}`)],
  );
  if (faults.length > 0) throw new CatalogueError(faults);
  return results.map(({ result }) => result);
}

/** The upcasters of a module, each of them one that a service may have. */
async function load(path: string, problem: (sentence: string) => Problem): Promise<ReadonlyMap<Upcaster, string>> {
  try {
    const found = await upcastersOf(path);
    if (found.size === 0) throw new ModuleError(`${path} exports no upcaster: export what upcaster(…) returns`);
    // Alone: of a type that was split, each service has the upcaster to the part that it handles.
    for (const upcaster of found.keys()) new Upcasting([upcaster]);
    return found;
  } catch (error) {
    if (error instanceof ModuleError) throw new CatalogueError([problem(error.message)]);
    if (error instanceof ConfigError) throw new CatalogueError(error.problems.map(problem));
    throw error;
  }
}
