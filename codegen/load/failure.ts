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
  return error instanceof CatalogueError || error instanceof GeneratorError
    ? error
    : new GeneratorError(file, doing, error);
}
