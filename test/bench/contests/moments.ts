import type { Contestant } from "../contest.js";
import { measure } from "../measure.js";
import type { Arena } from "./arena.js";

/** What is told in milliseconds: one program by the SDK, one by hand. */
export function moments(arena: Arena, program: string, encoding?: string): Contestant[] {
  return ["raw", "ours"].map((side) => ({
    name: side,
    async measure({ count }) {
      await arena.redis.flushall();
      const settings = { url: arena.url, count, ...(encoding === undefined ? {} : { encoding }) };
      return measure(`${arena.stage.folder}/programs/${program}/${side}.mjs`, settings);
    },
  }));
}

/** What is told of the SDK alone. */
export function alone(arena: Arena, program: string, nodeOptions: readonly string[] = []): Contestant[] {
  return [
    {
      name: "ours",
      async measure({ count, seconds }) {
        await arena.redis.flushall();
        const settings = { url: arena.url, encoding: "json", count, seconds };
        return measure(`${arena.stage.folder}/programs/${program}/ours.mjs`, settings, nodeOptions);
      },
    },
  ];
}
