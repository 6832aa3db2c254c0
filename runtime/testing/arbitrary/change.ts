import * as fc from "fast-check";

type Path = readonly (string | number)[];

/** What is written at a place; `REMOVED` takes a property or an item away. */
const REMOVED = Symbol("removed");
const others = fc.constantFrom<unknown>(REMOVED, null, "", "\u0000", -0.5, 1e300, true, [], {}, [null], {
  undeclared: 1,
});

/** Values that differ from others in one place: something else is there, nothing any more, or a property more. */
export function changesOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.record({ place: fc.nat(), other: others, isMore: fc.boolean() });
  return fc.tuple(values, change).map(([value, { place, other, isMore }]) => {
    const paths = pathsIn(value, []).filter((path) => path.length > 0);
    const path = paths[place % paths.length] ?? [];
    return isMore ? replaced(value, [...path.slice(0, -1), "undeclared"], true) : replaced(value, path, other);
  });
}

/** The places of a value and of all inside it. */
function pathsIn(value: unknown, path: Path): readonly Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => pathsIn((value as Record<string, unknown>)[key], [...path, key]))];
}

/** A copy with something else at a place. A list has no property more. */
function replaced(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  if (key === undefined) return other;
  const inner = (value as Record<string | number, unknown>)[key];
  const changed = rest.length === 0 ? other : replaced(inner, rest, other);
  if (Array.isArray(value)) {
    if (typeof key === "string") return value;
    return changed === REMOVED ? value.toSpliced(key, 1) : value.with(key, changed);
  }
  const { [key]: _, ...left } = value as Record<string, unknown>;
  return changed === REMOVED
    ? left
    : Object.fromEntries([...Object.entries(value as object).filter(([name]) => name !== key), [key, changed]]);
}
