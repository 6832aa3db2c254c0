/** SQLSTATE's serialization failure and deadlock, and what Prisma makes of both. */
const CONFLICTS = new Set(["40001", "40P01", "P2034"]);
const MOST_REPEATS = 3;
/** Libraries wrap the driver's errors, in each other if need be. */
const MOST_WRAPPINGS = 5;

/** The codes of an error and of those that caused it: of the driver, of Node, of a library. */
export function codesIn(error: unknown): readonly string[] {
  const codes: string[] = [];
  let at = error as Coded | null | undefined;
  for (let depth = 0; depth < MOST_WRAPPINGS && typeof at === "object" && at !== null; depth++, at = at.cause) {
    for (const code of [at.code, at.meta?.code, at.meta?.driverAdapterError?.cause?.originalCode])
      if (typeof code === "string") codes.push(code);
  }
  return codes;
}

interface Coded {
  readonly code?: unknown;
  /** Of Prisma. A raw statement has `P2010` as its code, and the driver's deeper down. */
  readonly meta?: {
    readonly code?: unknown;
    readonly driverAdapterError?: { readonly cause?: { readonly originalCode?: unknown } };
  } | null;
  readonly cause?: Coded | null;
}

/**
 * Repeats a transaction that PostgreSQL has rolled back because of another one, a few times, at once: it was right, and mostly the
 * other one has ended by then.
 */
export async function repeatingConflicts<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let repeats = 0; ; repeats++) {
    try {
      return await work();
    } catch (error) {
      if (repeats === MOST_REPEATS || !codesIn(error).some((code) => CONFLICTS.has(code))) throw error;
    }
  }
}
