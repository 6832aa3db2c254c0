import { UsageError } from "../../errors.js";

/** The data of a state that a function made: what its method `snapshot` returns, else its own properties. */
export async function snapshotOf(state: unknown): Promise<unknown> {
  if (typeof state !== "object" || state === null) throw unseen();
  const { snapshot } = state as { readonly snapshot?: unknown };
  if (typeof snapshot === "function") return structuredClone(await (snapshot.call(state) as unknown));
  const data = Object.entries(state).filter(([, value]) => typeof value !== "function");
  if (data.length === 0) throw unseen();
  try {
    return structuredClone(Object.fromEntries(data));
  } catch {
    throw unseen();
  }
}

function unseen(): UsageError {
  const remedy = "give it a method snapshot() that returns it as plain data, or pass { reset, snapshot }";
  return new UsageError("CONFIG_INVALID", `survives: the data of the state cannot be seen from outside: ${remedy}`);
}
