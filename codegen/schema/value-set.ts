/** JSON values to look others up in. Values are the same as JSON Schema's `enum` means it: by content, without order. */
export class ValueSet {
  readonly #keys: ReadonlySet<string>;

  constructor(values: Iterable<unknown>) {
    this.#keys = new Set([...values].map(keyOf));
  }

  has(value: unknown): boolean {
    return this.#keys.has(keyOf(value));
  }

  hasAll(values: readonly unknown[]): boolean {
    return values.every((value) => this.has(value));
  }
}

/** A text that two values share only if they are the same. */
function keyOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (isRecord(inner) ? sorted(inner) : inner)) ?? "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
