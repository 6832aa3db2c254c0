/** The same type with every property optional, at any depth, except inside arrays. `undefined` removes a property. */
export type DeepPartial<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { [Key in keyof Value]?: DeepPartial<Value[Key]> | undefined }
    : Value;

/**
 * Creates an object from a base and overrides. Objects merge at any depth, arrays and single values replace, and
 * `undefined` removes. The base and the overrides are neither changed nor shared.
 *
 * @example
 * example({ id: 1, user: { name: "Ada", email: "ada@example.com" } }, { user: { email: undefined } });
 * // { id: 1, user: { name: "Ada" } }
 */
export function example<Value extends object>(base: Value, overrides?: DeepPartial<NoInfer<Value>>): Value {
  return merge(structuredClone(base), overrides ?? {}) as Value;
}

function merge(base: unknown, overrides: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(overrides)) return structuredClone(overrides);
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) merged.delete(name);
    else merged.set(name, merge(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
