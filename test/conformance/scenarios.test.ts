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
const AT_ONCE = 5;

it("any scenario ends in memory as delivery promises", async () => {
  const property = fc.asyncProperty(scenarios(2, 12), (scenario) => inMemory((stage) => play(stage, scenario)));
  await fc.assert(property, runs(150));
}, 3_000_000);

it("any scenario ends on Redis as delivery promises", async () => {
  const { numRuns, seed } = runs(ON_REDIS);
  const drawn = fc.sample(scenarios(1, 6), { numRuns, seed });
  for (let at = 0; at < drawn.length; at += AT_ONCE) {
    const ended = drawn.slice(at, at + AT_ONCE).map(async (scenario) => {
      const failure = await onRedis(redis, (stage) => play(stage, scenario)).catch((error: unknown) => error);
      expect(failure, `${fc.stringify(scenario)} with the seed ${seed}`).toBeUndefined();
    });
    await Promise.all(ended);
  }
}, 3_000_000);
