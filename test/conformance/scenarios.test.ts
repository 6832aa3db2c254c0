import fc from "fast-check";
import { expect, it } from "vitest";
import { useRedis } from "../support/redis.js";
import { runs } from "../support/runs.js";
import { inMemory } from "./memory-stage.js";
import { play } from "./play.js";
import { onRedis } from "./redis-stage.js";
import { scenarios } from "./scenario.js";

const { redis } = await useRedis();
/** On Redis time is real. */
const ON_REDIS = 15;
/** So many are played side by side. */
const AT_ONCE = 8;

it("any scenario ends in memory as delivery promises", async () => {
  const property = fc.asyncProperty(scenarios(2, 12), fc.nat(), (scenario, seed) =>
    inMemory((stage) => play(stage, scenario), seed),
  );
  await fc.assert(property, runs(150));
}, 3_000_000);

it("any scenario ends on Redis as delivery promises", async () => {
  const { numRuns, seed } = runs(ON_REDIS);
  const drawn = fc.sample(scenarios(1, 6), { numRuns, seed }).values();
  const failures: unknown[] = [];
  const playAll = async (): Promise<void> => {
    for (const scenario of drawn) {
      const failure = await onRedis(redis, (stage) => play(stage, scenario)).catch((error: unknown) => error);
      if (failure !== undefined) failures.push([`${fc.stringify(scenario)} with the seed ${seed}`, failure]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playAll));
  expect(failures).toEqual([]);
}, 3_000_000);
