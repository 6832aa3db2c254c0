import type { Encoding } from "../../runtime/contract/descriptor.js";
import { type LintLevels, levelFaults } from "../schema/lint-rule.js";
import { suggest } from "../schema/suggest.js";
import { isObject } from "../schema/walk.js";
import type { Problem } from "./problem.js";
import { readServices, type Service } from "./service.js";
import type { Source } from "./source.js";

/** The settings of `catalogue.json`, with defaults filled in. */
export interface CatalogueConfig {
  /** The catalogue's name: lower-case letters, digits, `-` and `_`. */
  readonly name: string;
  /** The encoding of stream entries. @defaultValue "json" */
  readonly encoding: Encoding;
  /** The folder to generate into, relative to the schemas folder. @defaultValue "../generated" */
  readonly output: string;
  /**
   * The module from which generated code imports the runtime: a package's entry point, or a path relative to the
   * schemas folder.
   * @defaultValue "@m-erp/messaging/runtime"
   */
  readonly runtime: string;
  /**
   * `compiled`: the runtime compiles the check of a message when it needs it. `standalone`: the check is written with the
   * generated code, for runtimes where code generation from strings is off.
   * @defaultValue "compiled"
   */
  readonly checks: "compiled" | "standalone";
  /**
   * The levels of lint rules that differ from `warn`.
   * @defaultValue {}
   */
  readonly lint: LintLevels;
  /** The services that publish and handle the messages, for the documentation. @defaultValue none */
  readonly services: readonly Service[];
  /**
   * The module that exports the project's upcasters, relative to the schemas folder. `merp check` tries them; nothing that
   * is generated depends on it.
   */
  readonly upcasters?: string;
}

const defaults: CatalogueConfig = {
  name: "catalogue",
  encoding: "json",
  output: "../generated",
  runtime: "@m-erp/messaging/runtime",
  checks: "compiled",
  lint: {},
  services: [],
};

const demands: Readonly<
  Record<
    Exclude<keyof CatalogueConfig, "lint" | "services">,
    { readonly holds: (text: string) => boolean; readonly demand: string }
  >
> = {
  name: {
    holds: (text) => /^[a-z][a-z0-9_-]*$/.test(text),
    demand: "a lower-case letter, then lower-case letters, digits, - or _",
  },
  encoding: { holds: (text) => text === "fields" || text === "json", demand: '"fields" or "json"' },
  output: {
    holds: (text) => text !== "" && !/^[/\\]|^[A-Za-z]:/.test(text),
    demand: "a path relative to the schemas folder",
  },
  runtime: {
    holds: (text) => /^[@\w./-]+$/.test(text) && (!text.startsWith(".") || text.endsWith(".js")),
    demand: "a package name or entry point, or a relative path that ends in .js",
  },
  checks: { holds: (text) => text === "compiled" || text === "standalone", demand: '"compiled" or "standalone"' },
  upcasters: {
    holds: (text) => /^\.\.?\/.*\.[cm]?[jt]s$/.test(text),
    demand: "a path relative to the schemas folder that begins with ./ or ../ and ends in .ts or .js",
  },
};

/** Reads `catalogue.json`. A wrong setting is reported as a problem and replaced by its default. */
export function readConfig(source: Source | undefined): { config: CatalogueConfig; problems: readonly Problem[] } {
  if (source === undefined) return { config: defaults, problems: [] };
  if (source.syntaxProblems.length > 0) return { config: defaults, problems: source.syntaxProblems };
  if (!isObject(source.value))
    return { config: defaults, problems: [source.problem([], "must be an object", { rule: "setting" })] };
  const problems: Problem[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source.value)) {
    if (key === "$schema" || key === "description") continue;
    if (key === "lint") {
      const faults = levelFaults(value);
      if (faults.length === 0) config[key] = value;
      problems.push(
        ...faults.map(({ path, sentence, ...more }) =>
          source.problem([key, ...path], sentence, { rule: "setting", ...more }),
        ),
      );
      continue;
    }
    if (key === "services") {
      const read = readServices(source, [key]);
      config[key] = read.services;
      problems.push(...read.problems);
      continue;
    }
    const demand = Object.hasOwn(demands, key) ? demands[key as keyof typeof demands] : undefined;
    if (demand === undefined) {
      const suggestion = suggest(key, [...Object.keys(demands), "lint", "services"]);
      const sentence = `"${key}" is not a setting of catalogue.json`;
      problems.push(source.problem([key], sentence, { rule: "setting", suggestion, at: "key" }));
    } else if (typeof value !== "string" || !demand.holds(value)) {
      const choices = { encoding: ["fields", "json"], checks: ["compiled", "standalone"] }[key];
      const suggestion = choices && suggest(String(value), choices);
      problems.push(source.problem([key], `must be ${demand.demand}`, { rule: "setting", suggestion }));
    } else config[key] = value;
  }
  return { config: { ...defaults, ...config }, problems };
}
