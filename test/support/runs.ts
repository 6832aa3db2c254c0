/** How a property is tried: always by the same values, or by so many fresh ones as the variable `RUNS` says. */
export function runs(few: number): { numRuns: number; seed?: number } {
  const many = process.env["RUNS"];
  return many === undefined ? { numRuns: few, seed: 1 } : { numRuns: Number(many) };
}
