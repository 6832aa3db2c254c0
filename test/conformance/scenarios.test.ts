import fc from "fast-check";
import { expect, it } from "vitest";
import { useRedis } from "../support/redis.js";
import { runs } from "../support/runs.js";
import { inMemory } from "./memory-stage.js";
import { play } from "./play.js";
import { onRedis } from "./redis-stage.js";
import { scenarios } from "./scenario.js";

const { redis } = await useRedis();

it.each<readonly [string, readonly number[]]>([
  ["a stream", [1]],
  ["a stream with partitions", [2, 3]],
])(
  "any scenario of %s ends in memory as delivery promises",
  async (_, partitions) => {
    const property = fc.asyncProperty(scenarios(2, 12, partitions), fc.nat(), (scenario, seed) =>
      inMemory((stage) => play(stage, scenario), seed),
    );
    await fc.assert(property, runs(150));
  },
  3_000_000,
);

it.each<readonly [stream: string, partitions: readonly number[], count: number, atOnce: number]>([
  // On Redis time is real. So many are played side by side; partitions keep a process busy.
  ["a stream", [1], 15, 8],
  ["a stream with partitions", [2, 3], 6, 2],
])(
  "any scenario of %s ends on Redis as delivery promises",
  async (_, partitions, count, atOnce) => {
    const { numRuns, seed } = runs(count);
    const drawn = fc.sample(scenarios(1, 6, partitions), { numRuns, seed }).values();
    const failures: unknown[] = [];
    const playAll = async (): Promise<void> => {
      for (const scenario of drawn) {
        const failure = await onRedis(redis, (stage) => play(stage, scenario)).catch((error: unknown) => error);
        if (failure !== undefined) failures.push([`${fc.stringify(scenario)} with the seed ${seed}`, failure]);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, playAll));
    expect(failures).toEqual([]);
  },
  3_000_000,
);
