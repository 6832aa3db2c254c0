import type { Schema } from "../schema/schema.js";

/**
 * The properties that only a condition declares: `if`, `then`, `else`, `dependentSchemas`, and the branches of a choice
 * that is no type. Each is optional in the schema's type, and of any type that a condition gives it.
 */
export function declaredInConditions(
  schema: Schema,
  isType: (branch: Schema) => boolean,
): Readonly<Record<string, Schema>> {
  const found = new Map<string, Schema[]>();
  const collect = (from: Schema, isTested: boolean): void => {
    for (const [name, property] of Object.entries(from.properties ?? {})) {
      const known = found.get(name) ?? [];
      found.set(name, isTested ? known : [...known, property]);
    }
    for (const [inner, tested] of branchesOf(from, () => false)) collect(inner, isTested || tested);
  };
  for (const [branch, tested] of branchesOf(schema, isType)) collect(branch, tested);
  const declared = schema.properties ?? {};
  return Object.fromEntries(
    [...found]
      .filter(([name]) => !Object.hasOwn(declared, name))
      .map(([name, forms]) => {
        const [only = {}, ...more] = forms;
        return [name, more.length === 0 ? only : { anyOf: forms }];
      }),
  );
}

/** The schemas that apply to the same value under a condition, each with whether it is only tested. */
function branchesOf(
  schema: Schema,
  isType: (branch: Schema) => boolean,
): readonly (readonly [branch: Schema, isTested: boolean])[] {
  const { if: test, then, else: otherwise, dependentSchemas } = schema as Readonly<Record<string, Schema | undefined>>;
  const choices = [schema.anyOf ?? [], schema.oneOf ?? []].filter((choice) => !choice.every(isType)).flat();
  return [
    ...(test === undefined ? [] : [[test, true] as const]),
    ...[then, otherwise, ...Object.values(dependentSchemas ?? {}), ...choices]
      .filter((branch): branch is Schema => branch !== undefined)
      .map((branch) => [branch, false] as const),
  ];
}
