import type { Problem } from "../load/problem.js";
import type { Source } from "../load/source.js";
import { isIdentifier, pascalCase } from "../model/casing.js";
import { placeKey } from "../model/definition.js";
import type { Model } from "../model/model.js";
import { exportsOf, handlerGroup, namesOf } from "../model/names.js";
import type { Path } from "../schema/pointer.js";
import { reservedNames, reservedWords } from "./reserved.js";

/** A name that is exported, and the place that gives it. */
export interface Claim {
  readonly name: string;
  readonly source: Source;
  readonly path: Path;
}

/** Finds names that two files generate, that are reserved, or that are not identifiers. */
export function checkNames(model: Model): readonly Problem[] {
  // All names of a message derive from its title, so one problem for each place is enough.
  const problems = new Map<string, Problem>();
  const taken = new Map<string, Claim>();
  const reserved = reservedNames();
  for (const claim of claimsOf(model)) {
    const { name, source, path } = claim;
    const report = (sentence: string, suggestion?: string): void => {
      const place = placeKey(source.path, path);
      if (!problems.has(place)) problems.set(place, source.problem(path, sentence, { rule: "name", suggestion }));
    };
    const first = taken.get(name);
    if (!isIdentifier(name))
      report(`"${name}" is not a valid name in TypeScript; choose another "title"`, suggestedTitle(name));
    else if (reservedWords.has(name)) report(`"${name}" is a reserved word in TypeScript; choose another "title"`);
    else if (reserved.has(name)) report(`"${name}" is ${reserved.get(name)}; choose another "title"`);
    else if (first !== undefined)
      report(`"${name}" is also generated from ${placeOf(first)}; choose another "title" for one of them`);
    else taken.set(name, claim);
  }
  return [...problems.values()];
}

/** Every name that the generated index exports, with its origin. */
function claimsOf(model: Model): readonly Claim[] {
  const groups = new Map<string, Claim>();
  for (const { type, kind, definition } of model.messages) {
    if (kind.kind !== "event") continue;
    const { name } = handlerGroup(type);
    if (!groups.has(name)) groups.set(name, { name, source: definition.source, path: [] });
  }
  return [...claimsOfFiles(model), ...groups.values()];
}

/** The names that are exported from one schema file each. The others are those of the interfaces for handlers. */
export function claimsOfFiles(model: Model): readonly Claim[] {
  const ofMessages = model.messages.flatMap((message) => {
    const { source } = message.definition;
    const { typeProperty } = message.kind;
    const statesType = source.schema?.title === undefined && typeProperty !== undefined;
    const path = statesType ? ["properties", typeProperty, "const"] : titlePath(source);
    return exportsOf(message).map((name) => ({ name, source, path }));
  });
  const declared = new Set(model.messages.flatMap((message) => [message.definition, message.result?.definition]));
  const payloads = payloadsOf(model);
  const ofDefinitions = model.definitions
    .filter((definition) => !declared.has(definition) && payloads.get(definition.source) !== definition.name)
    .map(({ name, source, path }) => ({ name, source, path: path.length === 0 ? titlePath(source) : path }));
  return [...ofMessages, ...ofDefinitions];
}

/** The names of commands' payload types, which the messages claim themselves, by the commands' files. */
function payloadsOf(model: Model): ReadonlyMap<Source, string> {
  const commands = model.messages.filter(({ kind }) => kind.kind === "command");
  return new Map(commands.map((message) => [message.definition.source, namesOf(message).input]));
}

function titlePath(source: Source): Path {
  return source.schema?.title === undefined ? [] : ["title"];
}

function placeOf({ source, path }: Claim): string {
  return path[0] === "$defs" ? `${source.shownPath} (${path.at(-1)})` : source.shownPath;
}

function suggestedTitle(name: string): string | undefined {
  const title = pascalCase(name);
  return isIdentifier(title) && title !== name ? `"${title}"` : undefined;
}
