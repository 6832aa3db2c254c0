import { CatalogueError } from "./problem.js";

/** The generator failed where it should have found a problem or none. Names the file that it was at. */
export class GeneratorError extends Error {
  override readonly name = "GeneratorError";
  readonly code = "GENERATOR_FAILED";
  /** Relative to the working directory. */
  readonly file: string;

  constructor(file: string, doing: string, cause: unknown) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`${file}: the generator failed while it was ${doing} this, which is a fault of the generator (${reason})`, {
      cause,
    });
    this.file = file;
  }
}

/** Runs a step of the generator at a file. An unexpected error names the file. */
export function during<Result>(doing: string, file: string, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    throw failureAt(file, doing, error);
  }
}

/** The error of a step at a file: the error itself if it already names the place. */
export function failureAt(file: string, doing: string, error: unknown): unknown {
  if (error instanceof CatalogueError || error instanceof GeneratorError) return error;
  if (!isTooDeep(error)) return new GeneratorError(file, doing, error);
  const sentence = "its types lead to each other through more levels than can be followed; make the chain shorter";
  return new CatalogueError([{ file, line: 1, column: 1, pointer: "", rule: "nesting", sentence }]);
}

/** The stack was exhausted: only schemas make the generator go deep. */
function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}
