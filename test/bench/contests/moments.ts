import type { Contestant } from "../contest.js";
import { measure } from "../measure.js";
import type { Arena } from "./arena.js";

/** What is told in milliseconds: one program by the SDK, one by hand. */
export function moments(arena: Arena, program: string, settings: object = {}): Contestant[] {
  return ["raw", "ours"].map((name) => ({
    name,
    isRival: name === "raw",
    async measure({ count }) {
      await arena.redis.flushall();
      const all = { url: arena.url, count, ...settings };
      return measure(`${arena.stage.programs}/${program}/${name}.mjs`, all);
    },
  }));
}

/** A test by the kit, the same on Redis, and what creating a messaging takes of it. */
export function kit(arena: Arena): Contestant[] {
  return ["memory", "redis", "creation"].map((name) => ({
    name: `ours, ${name}`,
    async measure({ count }) {
      await arena.redis.flushall();
      return measure(`${arena.stage.programs}/kit/${name}.mjs`, { url: arena.url, count });
    },
  }));
}

/** A service that is not traced, one with OpenTelemetry's API alone, one with its SDK, and one that calls that by hand. */
export function traced(arena: Arena): Contestant[] {
  return ["without", "api", "ours", "bare"].map((name) => ({
    name,
    isRival: name === "bare",
    async measure({ count }) {
      await arena.redis.flushall();
      return measure(`${arena.stage.programs}/traced/${name}.mjs`, { url: arena.url, count });
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
        return measure(`${arena.stage.programs}/${program}/ours.mjs`, settings, nodeOptions);
      },
    },
  ];
}
