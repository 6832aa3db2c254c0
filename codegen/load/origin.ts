import type { Path } from "../schema/pointer.js";
import type { Source } from "./source.js";

/** The place in a schema file that an object was read from. */
export interface Origin {
  readonly source: Source;
  readonly path: Path;
}

/** An object of a schema file, and where it is in the object around it. */
interface Spot {
  readonly source: Source;
  /** `undefined` for the whole schema. */
  readonly outer: Spot | undefined;
  readonly key: string;
}

const spots = new WeakMap<object, Spot>();
const parents = new WeakMap<object, readonly object[]>();

/** Records the origin of every object and array of a schema. */
export function recordOrigins(source: Source, value: unknown = source.schema): void {
  record(value, { source, outer: undefined, key: "" });
}

function record(value: unknown, spot: Spot): void {
  if (typeof value !== "object" || value === null) return;
  spots.set(value, spot);
  for (const key in value) {
    const inner: unknown = value[key as keyof typeof value];
    if (typeof inner === "object" && inner !== null) record(inner, { source: spot.source, outer: spot, key });
  }
}

/** Records the objects that a value was derived from, the most specific first, so that its problems can be located. */
export function derivedFrom<Value extends object>(value: Value, ...from: readonly object[]): Value {
  if (spots.has(value)) return value;
  const known = parents.get(value);
  parents.set(value, known === undefined ? from : [...known, ...from]);
  return value;
}

/** All objects with an origin that a value was derived from, the most specific first. */
function* originals(value: object, seen: Set<object> = new Set()): Generator<object> {
  if (seen.has(value)) return;
  seen.add(value);
  if (spots.has(value)) yield value;
  for (const parent of parents.get(value) ?? []) yield* originals(parent, seen);
}

/** The origin of a value: that of the first object it was derived from that matches, else of the first. */
export function originOf(value: object, matches: (original: object) => boolean = () => true): Origin | undefined {
  const candidates = [...originals(value)];
  const original = candidates.find(matches) ?? candidates[0];
  const spot = original && spots.get(original);
  return spot && { source: spot.source, path: pathOf(spot) };
}

/** Paths are made when they are asked for, which only problems do. */
function pathOf(spot: Spot): Path {
  const path: string[] = [];
  for (let at = spot; at.outer !== undefined; at = at.outer) path.unshift(at.key);
  return path;
}
