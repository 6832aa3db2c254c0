import { type Profiler, Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

const root = fileURLToPath(new URL("../../..", import.meta.url));

// Optimized code does not count what it runs.
for (const flag of ["--no-opt", "--no-maglev"]) setFlagsFromString(flag);

/**
 * Counts the steps of an activity: how often each block of the generator's and the contract's code, and of the checks that
 * it compiles, runs. Unlike a duration, the count depends on nothing but the code and its input.
 */
export async function stepsOf(run: () => unknown): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  await run();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  session.disconnect();
  return result.filter(isOurs).reduce((sum, { functions }) => sum + countOf(functions), 0);
}

function isOurs({ url }: Profiler.ScriptCoverage): boolean {
  // The project may lie in any folder.
  const path = url.replace(/^file:\/\//, "").replace(root, "/");
  return (
    url === "" ||
    (/\/(?:codegen|runtime\/contract|json-schema-to-typescript|ajv)\//.test(path) && !/^\/test\//.test(path))
  );
}

function countOf(functions: readonly Profiler.FunctionCoverage[]): number {
  return functions.flatMap(({ ranges }) => ranges).reduce((sum, { count }) => sum + count, 0);
}
