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

/** How a messaging is observed: the program that does so, and what it is told. */
type Ways = Readonly<Record<string, readonly [program: string, settings?: object]>>;

const WITHOUT_SDK = { without: ["without"], api: ["api"] } as const;

/**
 * One that is not traced, one with OpenTelemetry's API alone, one with its SDK, which records one trace of ten, and one that calls
 * that by hand. A thousand messages are under way, and their handlers do nothing: all that is measured is messaging.
 */
export function traced(arena: Arena): Contestant[] {
  const share = { share: 0.1 };
  return observing(arena, { ...WITHOUT_SDK, ours: ["ours", share], bare: ["bare", share] });
}

/** A service with fifty messages under way, whose handlers compute for some 200 microseconds: 60 hashes of 4 KiB. */
export function service(arena: Arena): Contestant[] {
  const ways: Ways = {
    ...WITHOUT_SDK,
    metrics: ["ours"],
    "one in a hundred": ["ours", { share: 0.01 }],
    "every trace": ["ours", { share: 1 }],
  };
  return observing(arena, ways, { hashes: 60, together: 50 });
}

function observing(arena: Arena, ways: Ways, load: object = {}): Contestant[] {
  return Object.entries(ways).map(([name, [program, settings]]) => ({
    name,
    isRival: name === "bare",
    async measure({ count }) {
      await arena.redis.flushall();
      const all = { url: arena.url, count, ...load, ...settings };
      return measure(`${arena.stage.programs}/traced/${program}.mjs`, all);
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
