/** Whether two values are the same as JSON. An instance of a class is no object of JSON. */
export function areEqual(one: unknown, other: unknown): boolean {
  if (!hasParts(one) || !hasParts(other)) return one === other;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  if (Array.isArray(one) && one["length"] !== other["length"]) return false;
  return names.every((name) => Object.hasOwn(other, name) && areEqual(one[name], other[name]));
}

export function hasParts(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
