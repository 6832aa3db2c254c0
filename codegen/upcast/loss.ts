import { isDeepStrictEqual } from "node:util";
import { isObject } from "../schema/walk.js";

type Path = readonly string[];

/** What is needed to find out what of a message is lost. */
export interface Upcaster {
  /** The new message. It does not throw. */
  readonly upcast: (message: unknown) => unknown;
  readonly accepts: (message: unknown) => boolean;
  /** Names at the top that are kept whatever the upcaster does. */
  readonly kept: readonly string[];
}

/** So many messages are changed at each place, */
const MOST_MESSAGES = 8;
/** each to so many other values. */
const MOST_VALUES = 6;
const DEEPEST = 6;

/**
 * The places of old messages on which no new message depends, as far as pairs of messages tell that differ there alone. Of
 * what is lost as a whole, the parts are not named. An item of a list is `[]`.
 */
export function lossesOf(messages: readonly unknown[], upcaster: Upcaster): readonly string[] {
  const names = namesAt(messages, []).filter((name) => !upcaster.kept.includes(name));
  return names.flatMap((name) => lossesAt(messages, [name], upcaster) ?? [named([name])]).sort();
}

/** What is lost of a place; `undefined` if it is lost as a whole. */
function lossesAt(messages: readonly unknown[], path: Path, upcaster: Upcaster): readonly string[] | undefined {
  const verdict = verdictOn(messages, path, upcaster);
  const names = path.length < DEEPEST ? namesAt(messages, path) : [];
  const parts = names.map((name) => [name, lossesAt(messages, [...path, name], upcaster)] as const);
  // A part that no pair tells about may be what the new message depends on.
  if (verdict === "lost" && parts.every(([, lost]) => lost === undefined)) return undefined;
  return parts.flatMap(([name, lost]) => lost ?? [named([...path, name])]);
}

function named(path: Path): string {
  return path.join(".").replaceAll(".[]", "[]");
}

/** What the values of a place have inside, in any message. */
function namesAt(messages: readonly unknown[], path: Path): readonly string[] {
  const values = messages.map((message) => at(message, path));
  const names = new Set(values.flatMap((value) => (isObject(value) ? Object.keys(value) : [])));
  return values.some((value) => Array.isArray(value) && value.length > 0) ? [...names, "[]"] : [...names];
}

/** A place that no pair of valid messages tells about is none of which anything can be said. */
function verdictOn(
  messages: readonly unknown[],
  path: Path,
  { upcast, accepts }: Upcaster,
): "lost" | "used" | "unknown" {
  let isTold = false;
  const holders = messages.filter((message) => at(message, path) !== undefined).slice(0, MOST_MESSAGES);
  const values = distinct(messages.map((message) => at(message, path)));
  for (const message of holders) {
    const made = upcast(message);
    for (const value of values.filter((other) => !isDeepStrictEqual(other, at(message, path))).slice(0, MOST_VALUES)) {
      const other = changed(message, path, value);
      if (!accepts(other)) continue;
      isTold = true;
      if (!isDeepStrictEqual(upcast(other), made)) return "used";
    }
  }
  return isTold ? "lost" : "unknown";
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, name) => {
    if (Array.isArray(inner)) return name === "[]" ? inner[0] : undefined;
    return isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined;
  }, value);
}

/** A copy in which one place has another value; `undefined` leaves it out. */
function changed(message: unknown, path: Path, value: unknown): unknown {
  const copy = structuredClone(message);
  const holder = at(copy, path.slice(0, -1));
  const name = path.at(-1) as string;
  if (Array.isArray(holder)) holder.splice(0, 1, ...(value === undefined ? [] : [value]));
  else if (value === undefined) delete (holder as Record<string, unknown>)[name];
  else (holder as Record<string, unknown>)[name] = value;
  return copy;
}

/** The values, each once, and first that there is none. */
function distinct(values: readonly unknown[]): readonly unknown[] {
  return [undefined, ...new Map(values.map((value) => [JSON.stringify(value), value])).values()].slice(0, 40);
}
