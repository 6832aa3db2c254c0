import { inspect, isDeepStrictEqual } from "node:util";

/** A place where two values differ. */
export interface Difference {
  /** The path as written in code: `after_data.roles[0]`; empty for the value itself. */
  readonly path: string;
  /** The values there; `ABSENT` where there is none. */
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Stands for a value that is not there. */
export const ABSENT: unique symbol = Symbol("absent");

/** The places where two values differ, each as deep as can be. Empty for equal values. */
export function differences(expected: unknown, actual: unknown, path = ""): readonly Difference[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  const here = [{ path, expected, actual }];
  const [left, right] = [membersOf(expected), membersOf(actual)];
  if (left === undefined || right === undefined || left.kind !== right.kind) return here;
  const keys = [...new Set([...left.members.keys(), ...right.members.keys()])];
  const inside = keys.flatMap((key) => {
    const at = (members: ReadonlyMap<string, unknown>): unknown => (members.has(key) ? members.get(key) : ABSENT);
    return differences(at(left.members), at(right.members), joined(path, key));
  });
  // Two values may differ in what is no member, such as their class.
  return inside.length > 0 ? inside : here;
}

/** The members by the end of their path. */
function membersOf(
  value: unknown,
): { readonly kind: string; readonly members: ReadonlyMap<string, unknown> } | undefined {
  if (typeof value !== "object" || value === null || value instanceof Date) return undefined;
  if (Array.isArray(value)) return { kind: "list", members: new Map(value.map((item, at) => [`[${at}]`, item])) };
  if (value instanceof Map) {
    return { kind: "map", members: new Map([...value].map(([key, item]) => [`.get(${inspect(key)})`, item])) };
  }
  if (value instanceof Set) {
    return { kind: "set", members: new Map([...value].map((item) => [`.has(${inspect(item)})`, true])) };
  }
  return { kind: "object", members: new Map(Object.entries(value).map(([key, item]) => [nameIn(key), item])) };
}

function nameIn(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function joined(path: string, end: string): string {
  return path === "" && end.startsWith(".") ? end.slice(1) : `${path}${end}`;
}
