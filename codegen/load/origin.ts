import type { Path } from "../schema/pointer.js";
import type { Source } from "./source.js";

/** The place in a schema file that an object was read from. */
export interface Origin {
  readonly source: Source;
  readonly path: Path;
}

const origins = new WeakMap<object, Origin>();
const parents = new WeakMap<object, readonly object[]>();

/** Records the origin of every object and array of a schema. */
export function recordOrigins(source: Source, value: unknown = source.schema, path: Path = []): void {
  if (typeof value !== "object" || value === null) return;
  origins.set(value, { source, path });
  for (const [key, inner] of Object.entries(value)) recordOrigins(source, inner, [...path, key]);
}

/** Records the objects that a value was derived from, the most specific first, so that its problems can be located. */
export function derivedFrom<Value extends object>(value: Value, ...from: readonly object[]): Value {
  if (!origins.has(value)) parents.set(value, [...(parents.get(value) ?? []), ...from]);
  return value;
}

/** All objects with an origin that a value was derived from, the most specific first. */
function* originals(value: object, seen: Set<object> = new Set()): Generator<object> {
  if (seen.has(value)) return;
  seen.add(value);
  if (origins.has(value)) yield value;
  for (const parent of parents.get(value) ?? []) yield* originals(parent, seen);
}

/** The origin of a value: that of the first object it was derived from that matches, else of the first. */
export function originOf(value: object, matches: (original: object) => boolean = () => true): Origin | undefined {
  const candidates = [...originals(value)];
  const original = candidates.find(matches) ?? candidates[0];
  return original && origins.get(original);
}
