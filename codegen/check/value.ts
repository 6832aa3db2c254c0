import { keysOf } from "../../runtime/contract/issue-path.js";
import type { Issue } from "../../runtime/errors.js";
import { during } from "../load/failure.js";
import { type Origin, originOf } from "../load/origin.js";
import type { Problem } from "../load/problem.js";
import type { Definition } from "../model/definition.js";
import { dependentsOf } from "../model/dependent.js";
import type { Model } from "../model/model.js";
import type { Path } from "../schema/pointer.js";
import type { Schema } from "../schema/schema.js";
import { suggest } from "../schema/suggest.js";
import { walk } from "../schema/walk.js";
import { isPlain, plainlyAccepts } from "./plain.js";
import type { Validators } from "./validator.js";

/** A schema to check: one with examples or a default, or the root of a definition. */
interface Place {
  readonly definition: Definition;
  readonly path: Path;
  readonly schema: Schema;
}

/**
 * Finds examples and defaults that violate their own schema, and schemas that the runtime cannot compile. Values are
 * checked as a publisher's are: undeclared properties are rejected and formats are enforced.
 *
 * @param unsound files with problems that make their schemas unreliable; definitions that use them are skipped
 */
export async function checkValues(model: Model, unsound: ReadonlySet<string>): Promise<readonly Problem[]> {
  const at = <Result>({ definition }: Place, step: () => Result): Result =>
    during("checking", definition.source.shownPath, step);
  const doubtful = placesOf(model, unsound).filter((place) => !at(place, () => isPlainlySound(place, model)));
  if (doubtful.length === 0) return [];
  // Imported here because it brings Ajv, which most runs do not need.
  const validator = await import("./validator.js");
  const validators = new validator.Validators(model);
  return doubtful.flatMap((place) => at(place, () => checkPlace(place, validators, model)));
}

/** The places to check, in definitions whose schemas are reliable. */
function placesOf(model: Model, unsound: ReadonlySet<string>): readonly Place[] {
  const names = model.definitions.map(({ name }) => name);
  const seen = new Set<string>();
  const ambiguous = new Set(names.filter((name) => seen.size === seen.add(name).size));
  const unreliable = dependentsOf(
    model.definitions.filter(({ name, source }) => ambiguous.has(name) || unsound.has(source.shownPath)),
    model,
  );
  return model.definitions.flatMap((definition) => {
    const schema = model.flattener.definition(definition);
    if (unreliable.has(definition) || usesUnsound(schema, unsound)) return [];
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

/** Returns whether a schema that was merged into this one comes from an unsound file. */
export function usesUnsound(schema: Schema, unsound: ReadonlySet<string>): boolean {
  if (unsound.size === 0) return false;
  return walk(schema).some(([, inner]) => {
    const origin = originOf(inner, (written) => unsound.has(originOf(written)?.source.shownPath ?? ""));
    return origin !== undefined && unsound.has(origin.source.shownPath);
  });
}

function checkPlace({ definition, schema }: Place, validators: Validators, model: Model): readonly Problem[] {
  const validator = validators.of(schema);
  if (validator === undefined) {
    const sentence = "no check of it can be compiled; simplify it";
    return [definition.source.problem(definition.path, sentence, { rule: "uncompilable" })];
  }
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
  const keys = keysOf(issue.path).map(String);
  const name = keys.at(-1) ?? "";
  const suggestion = siblings.includes(name) ? undefined : suggest(name, siblings);
  const rule = path[0] === "default" ? "default" : "example";
  const sentence = `the ${rule} violates its schema: ${issue.path || "it"} ${issue.message}`;
  return origin.source.problem([...origin.path, ...path, ...keys], sentence, { rule, suggestion });
}

/** The properties declared at the place of an issue, to suggest one of them. */
function declaredAt(schema: Schema, issue: Issue, { flattener }: Model): readonly string[] {
  let at: Schema | undefined = flattener.expand(schema);
  for (const token of keysOf(issue.path).slice(0, -1)) {
    const next: Schema | undefined = at?.properties?.[token] ?? at?.items;
    at = next && flattener.expand(next);
  }
  return Object.keys(at?.properties ?? {});
}
