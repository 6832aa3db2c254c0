/** The value, and each that lacks a part of it or has another or one more in its place. */
export function* variants(value: unknown): Generator<unknown> {
  yield value;
  if (typeof value !== "object" || value === null) return yield* [null, "", 0, 1.5, true, {}, []];
  yield { ...value, undeclared: 1 };
  for (const [name, part] of Object.entries(value)) {
    const { [name]: _, ...rest } = value as Record<string, unknown>;
    yield rest;
    let first = true;
    for (const other of variants(part)) {
      if (!first) yield Array.isArray(value) ? value.with(Number(name), other) : { ...value, [name]: other };
      first = false;
    }
  }
}
