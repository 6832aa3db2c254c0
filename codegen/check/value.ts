import type { Issue } from "../../runtime/errors.js";
import { type Origin, originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import type { Definition } from "../model/definition.js";
import type { Model } from "../model/model.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { suggest } from "../schema/suggest.js";
import { walk } from "../schema/walk.js";
import { isPlain, plainlyAccepts } from "./plain.js";
import type { Validators } from "./validator.js";

/** A schema with examples or a default that are to be checked, or a whole definition. */
interface Place {
  readonly definition: Definition;
  readonly path: Path;
  readonly schema: Schema;
}

/**
 * Examples and defaults that their own schema refuses, and schemas that the runtime could not compile. Checked as a
 * publisher is: every object closed, formats exact.
 *
 * @param unsound files whose schemas have graver problems; whatever needs them is passed over
 */
export async function checkValues(model: Model, unsound: ReadonlySet<string>): Promise<readonly Problem[]> {
  const doubtful = placesOf(model, unsound).filter((place) => !isPlainlySound(place, model));
  if (doubtful.length === 0) return [];
  // Loaded only here: it brings Ajv, which most runs do without.
  const validator = await import("./validator.js");
  const validators = new validator.Validators(model);
  return doubtful.flatMap((place) => checkPlace(place, validators, model));
}

/** Whatever has to be sound, in the schemas that can be judged. */
function placesOf(model: Model, unsound: ReadonlySet<string>): readonly Place[] {
  const names = model.definitions.map(({ name }) => name);
  const seen = new Set<string>();
  const ambiguous = new Set(names.filter((name) => seen.size === seen.add(name).size));
  return model.definitions.flatMap((definition) => {
    const schema = model.flattener.definition(definition);
    const needed: readonly Definition[] = [definition, ...model.flattener.closure(schema)];
    const isJudged = !needed.some(({ name, source }) => ambiguous.has(name) || unsound.has(source.shownPath));
    if (!isJudged || isMadeOf(schema, unsound)) return [];
    return walk(schema)
      .map(([path, inner]) => ({ definition, path, schema: inner }))
      .filter((place) => place.path.length === 0 || valuesOf(place.schema).length > 0);
  });
}

function isPlainlySound({ path, schema }: Place, model: Model): boolean {
  const expand = (inner: Schema): Schema => model.flattener.expand(inner);
  return (
    (path.length > 0 || isPlain(schema)) && valuesOf(schema).every((value) => plainlyAccepts(schema, value, expand))
  );
}

function valuesOf(schema: Schema): readonly unknown[] {
  return schema.default === undefined ? (schema.examples ?? []) : [...(schema.examples ?? []), schema.default];
}

/** Whether an envelope that was merged into a schema has problems of its own. */
function isMadeOf(schema: Schema, unsound: ReadonlySet<string>): boolean {
  if (unsound.size === 0) return false;
  return walk(schema).some(([, inner]) => {
    const origin = originOf(inner, (written) => unsound.has(originOf(written)?.source.shownPath ?? ""));
    return origin !== undefined && unsound.has(origin.source.shownPath);
  });
}

function checkPlace({ definition, schema }: Place, validators: Validators, model: Model): readonly Problem[] {
  const validator = validators.of(schema);
  if (typeof validator === "string") return [definition.source.problem(definition.path, validator)];
  const report = (value: unknown, keyword: string, way: Path): readonly Problem[] => {
    const origin = originOf(schema, (written) => keyword in written) ?? definition;
    return validator(value).map((issue) =>
      describe(issue, origin, [keyword, ...way], declaredAt(schema, issue, model)),
    );
  };
  return [
    ...(schema.examples ?? []).flatMap((example, at) => report(example, "examples", [`${at}`])),
    ...(schema.default === undefined ? [] : report(schema.default, "default", [])),
  ];
}

function describe(
  issue: Issue,
  origin: Pick<Origin, "source" | "path">,
  path: Path,
  siblings: readonly string[],
): Problem {
  const tokens = tokensOf(issue.path);
  const name = tokens.at(-1) ?? "";
  const suggestion = siblings.includes(name) ? undefined : suggest(name, siblings);
  const what = path[0] === "default" ? "the default" : "the example";
  const sentence = `${what} violates its schema: ${issue.path || "it"} ${issue.message}`;
  return origin.source.problem([...origin.path, ...path, ...tokens], sentence, { suggestion });
}

/** `after_data.roles[0]["a b"]` as its keys. */
function tokensOf(path: string): Path {
  const tokens = path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...tokens].map(([, index, quoted, name]) => index ?? name ?? (JSON.parse(quoted ?? '""') as string));
}

/** The properties declared where an issue is, for a suggestion. */
function declaredAt(schema: Schema, issue: Issue, { flattener }: Model): readonly string[] {
  let at: Schema | undefined = flattener.expand(schema);
  for (const token of tokensOf(issue.path).slice(0, -1)) {
    const next: Schema | undefined = at?.properties?.[token] ?? at?.items;
    at = next && flattener.expand(next);
  }
  return Object.keys(at?.properties ?? {});
}
