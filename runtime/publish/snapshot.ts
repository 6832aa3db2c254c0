/** A copy of a value that JSON can represent, which later changes of it do not reach. Its texts are shared, not copied. */
export function snapshotOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  // What writes itself as JSON may change with what it holds.
  if ("toJSON" in value && typeof value.toJSON === "function") return JSON.parse(JSON.stringify(value) ?? "null");
  if (Array.isArray(value)) return value.map(snapshotOf);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, snapshotOf(each)]));
}
