import type { Path } from "../schema/pointer.js";
import type { Source } from "./source.js";

/** Where an object of a schema file was read. */
export interface Origin {
  readonly source: Source;
  readonly path: Path;
}

const origins = new WeakMap<object, Origin>();
const ingredients = new WeakMap<object, readonly object[]>();

/** Remembers for every object and list of a schema where it stands. */
export function recordOrigins(source: Source, value: unknown = source.schema, path: Path = []): void {
  if (typeof value !== "object" || value === null) return;
  origins.set(value, { source, path });
  for (const [key, inner] of Object.entries(value)) recordOrigins(source, inner, [...path, key]);
}

/** Remembers what an object was made of, the most telling one first, so that its problems can be located. */
export function madeOf<Value extends object>(value: Value, ...from: readonly object[]): Value {
  if (!origins.has(value)) ingredients.set(value, [...(ingredients.get(value) ?? []), ...from]);
  return value;
}

/** Every written object that went into this one, the most telling one first. */
export function* writtenAs(value: object, seen: Set<object> = new Set()): Generator<object> {
  if (seen.has(value)) return;
  seen.add(value);
  if (origins.has(value)) yield value;
  for (const ingredient of ingredients.get(value) ?? []) yield* writtenAs(ingredient, seen);
}

/** Where an object was written: of those that went into it the first that `shows` what is looked for. */
export function originOf(value: object, shows: (written: object) => boolean = () => true): Origin | undefined {
  const written = [...writtenAs(value)];
  const telling = written.find(shows) ?? written[0];
  return telling && origins.get(telling);
}
