/**
 * How a property is tried: with `few` values, or with as many as the variable `RUNS` says. The values are always the
 * same for a seed, which is 1, or what the variable `SEED` says.
 */
export function runs(few: number): { numRuns: number; seed: number } {
  const { RUNS = few, SEED = 1 } = process.env;
  return { numRuns: Number(RUNS), seed: Number(SEED) };
}
