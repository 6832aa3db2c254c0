/** How much is measured of one thing. */
export interface Effort {
  /** At least five in a full run, so that the middle means something. */
  readonly rounds: number;
  /** Messages, or whatever the contest counts, in one measurement. */
  readonly count: number;
  /** No new round begins after so many seconds: a slow machine gets fewer rounds, not a longer run. */
  readonly seconds: number;
  /** So many rounds are held all the same. @defaultValue 1 */
  readonly fewestRounds?: number;
}

const full = {
  publish: { rounds: 7, count: 150_000, seconds: 60 },
  publishAll: { rounds: 7, count: 150_000, seconds: 50 },
  consume: { rounds: 7, count: 120_000, seconds: 60 },
  skip: { rounds: 7, count: 150_000, seconds: 50 },
  both: { rounds: 7, count: 60_000, seconds: 100 },
  latency: { rounds: 7, count: 500, seconds: 50 },
  command: { rounds: 7, count: 3000, seconds: 45 },
  traced: { rounds: 5, count: 20_000, seconds: 40 },
  service: { rounds: 5, count: 3000, seconds: 30 },
  validation: { rounds: 7, count: 300_000, seconds: 10 },
  memory: { rounds: 1, count: 5_000_000, seconds: 110 },
  cold: { rounds: 11, count: 1, seconds: 15 },
  kit: { rounds: 5, count: 100, seconds: 15 },
  typecheck: { rounds: 5, count: 400, seconds: 20 },
  generate: { rounds: 5, count: 400, seconds: 45 },
} satisfies Record<string, Effort>;

const quick: Record<keyof typeof full, Effort> = {
  publish: { rounds: 3, count: 30_000, seconds: 6 },
  publishAll: { rounds: 3, count: 30_000, seconds: 5 },
  consume: { rounds: 3, count: 30_000, seconds: 6 },
  skip: { rounds: 3, count: 30_000, seconds: 5 },
  both: { rounds: 3, count: 20_000, seconds: 6 },
  latency: { rounds: 2, count: 150, seconds: 4 },
  command: { rounds: 3, count: 500, seconds: 3 },
  traced: { rounds: 3, count: 20_000, seconds: 6 },
  service: { rounds: 2, count: 1000, seconds: 4 },
  validation: { rounds: 3, count: 100_000, seconds: 2 },
  memory: { rounds: 1, count: 300_000, seconds: 8 },
  cold: { rounds: 3, count: 1, seconds: 2 },
  kit: { rounds: 3, count: 30, seconds: 3 },
  typecheck: { rounds: 2, count: 400, seconds: 4 },
  generate: { rounds: 2, count: 400, seconds: 4 },
};

export type ContestName = keyof typeof full;

/** Ten minutes' worth, or one minute's. */
export function effortFor(name: ContestName, isQuick: boolean): Effort {
  return (isQuick ? quick : full)[name];
}

/** The same for a slower machine: fewer messages rather than fewer rounds. */
export function fitted(effort: Effort, pace: number): Effort {
  return effort.count <= FEWEST ? effort : { ...effort, count: Math.max(FEWEST, Math.round(effort.count * pace)) };
}

/** With fewer, one would measure how code is compiled. */
const FEWEST = 20_000;
