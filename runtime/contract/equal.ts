/** Whether two values are the same as JSON. An instance of a class is no object of JSON. */
export function areEqual(one: unknown, other: unknown): boolean {
  if (!hasParts(one) || !hasParts(other)) return one === other;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (Array.isArray(one)) return areEqualLists(one, other as unknown as readonly unknown[]);
  let count = 0;
  for (const name in one) {
    if (!Object.hasOwn(one, name)) continue;
    if (!Object.hasOwn(other, name) || !areEqual(one[name], other[name])) return false;
    count++;
  }
  for (const name in other) if (Object.hasOwn(other, name)) count--;
  return count === 0;
}

function areEqualLists(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (!areEqual(one[at], other[at])) return false;
  return true;
}

export function hasParts(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
