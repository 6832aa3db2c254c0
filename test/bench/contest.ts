import type { Effort } from "./effort.js";
import type { Measured } from "./measure.js";

/** One of those that are measured side by side. */
export interface Contestant {
  /** Unique within its contest: `ours, json`. */
  readonly name: string;
  /** Something else than this package, which is measured to hold the package against it. @defaultValue false */
  readonly isRival?: boolean;
  /**
   * Measures once, in a process of its own. What has to be there first is prepared off the clock.
   *
   * @param effort - for this one measurement: of the contest's seconds, its share
   */
  readonly measure: (effort: Effort) => Promise<Measured>;
  /** Measures less in one go, where it is slow: so many times less. @defaultValue 1 */
  readonly slowness?: number;
}

/** What all rounds gave, by contestant, in the rounds' order. */
export type Results = Readonly<Record<string, readonly Measured[]>>;

/**
 * Measures in rounds, everybody once a round (A B C, A B C, …): whatever else the machine does falls on all alike, and
 * a ratio is taken between neighbours. One that fails leaves a hole in the report; the others go on.
 */
export async function compete(
  contestants: readonly Contestant[],
  effort: Effort,
  onFailure: (contestant: string, error: Error) => void,
): Promise<Results> {
  const results: Record<string, Measured[]> = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  const failed = new Set<string>();
  const until = performance.now() + effort.seconds * 1000;
  const fewest = effort.fewestRounds ?? 1;
  const seconds = effort.seconds / contestants.length;
  for (let round = 0; round < effort.rounds; round++) {
    // Half a round is no round: those measured late would be compared with what was measured before.
    if (round >= fewest && performance.now() > until) break;
    for (const { name, measure, slowness = 1 } of contestants) {
      if (failed.has(name)) continue;
      try {
        results[name]?.push(await measure({ ...effort, count: effort.count / slowness, seconds }));
      } catch (error) {
        failed.add(name);
        onFailure(name, error as Error);
      }
    }
  }
  return results;
}
