import fc from "fast-check";
import { expect, it } from "vitest";
import { useRedis } from "../support/redis.js";
import { runs } from "../support/runs.js";
import { inMemory } from "./memory-stage.js";
import { play } from "./play.js";
import { onRedis } from "./redis-stage.js";
import { scenarios } from "./scenario.js";

const { redis, admin } = await useRedis();
/** On Redis time is real. */
const ON_REDIS = 15;
/** So many are played side by side, each in a database of its own. */
const DATABASES = 8;

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
  const playAll = async (database: number): Promise<void> => {
    for (const scenario of drawn) {
      const failure = await onRedis(redis, (stage) => play(stage, scenario), database).catch((error: unknown) => error);
      if (failure !== undefined) failures.push([`${fc.stringify(scenario)} with the seed ${seed}`, failure]);
      await admin.multi().select(database).flushdb().exec();
    }
  };
  await Promise.all(Array.from({ length: DATABASES }, (_, at) => playAll(at + 1)));
  expect(failures).toEqual([]);
}, 3_000_000);
