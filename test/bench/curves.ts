import { writeFileSync } from "node:fs";
import type { Redis } from "ioredis";
import type { Arena } from "./contests/arena.js";
import type { Curve, DrawnCurve } from "./curve.js";
import { drawCurves } from "./curve-chart.js";
import { writeBetween } from "./document.js";
import { measure } from "./measure.js";
import { root } from "./stage.js";
import { spreadOf } from "./statistics.js";

const ENTRY = ["message_type", "thing.other", "json", "{}"] as const;
const COUNT = 10_000;
/** So much of a count does a program publish before its clock starts; Redis works for that, too. */
const WARM_UP = 1 / 5;

export const curves: readonly Curve[] = [
  {
    name: "Stream length",
    unit: "entries already in the stream",
    steps: [0, 1000, 10_000, 100_000, 1_000_000],
    prepare: fill,
  },
  {
    name: "Groups",
    unit: "other groups on the stream",
    steps: [0, 1, 10, 100, 1000],
    prepare: (redis, groups) =>
      pipelined(redis, groups, (pipeline, n) => pipeline.xgroup("CREATE", "events", `other-${n}`, "$", "MKSTREAM")),
  },
  {
    name: "Pending entries",
    unit: "entries that the group's other members hold",
    steps: [0, 1000, 10_000, 100_000],
    async prepare(redis, pending) {
      await redis.xgroup("CREATE", "events", "curve-workers", "0", "MKSTREAM");
      await fill(redis, pending);
      if (pending === 0) return;
      const from = ["GROUP", "curve-workers", "holder", "COUNT", pending, "STREAMS", "events", ">"] as const;
      await redis.xreadgroup(...from);
    },
    settings: (held) => ({ held }),
  },
  {
    name: "Message size",
    unit: "bytes of text in a message",
    steps: [100, 1000, 10_000, 100_000, 1_000_000],
    settings: (bytes) => ({ bytes }),
    count: (bytes) => Math.min(COUNT, Math.max(100, 5e7 / bytes)),
  },
  {
    name: "Types",
    unit: "types, all handled, taking turns",
    steps: [1, 10, 100, 400],
    settings: (types) => ({ types }),
  },
  {
    name: "Concurrency",
    unit: "handlers at once",
    steps: [1, 10, 100, 1000],
    settings: (concurrency) => ({ concurrency }),
  },
  {
    name: "Readers",
    unit: "groups that handle every message",
    steps: [1, 2, 5, 10],
    settings: (readers) => ({ readers }),
  },
  {
    name: "Consumers",
    unit: "members of the group, in one process",
    steps: [1, 2, 5, 10],
    settings: (consumers) => ({ consumers }),
  },
  {
    name: "Screens",
    unit: "screens that come back to 5,000 missed",
    program: "screens",
    steps: [10, 100, 1000, 10_000],
    settings: (screens) => ({ screens }),
    count: () => 5000,
  },
  {
    name: "Missed",
    unit: "notifications that 1,000 screens missed",
    program: "screens",
    steps: [1000, 10_000, 100_000],
    settings: () => ({ screens: 1000 }),
    count: (missed) => missed,
  },
];

/** Measures every curve, a point at a time from left to right and again, and writes docs/benchmarks.md's second part. */
export async function runCurves(arena: Arena, isQuick: boolean): Promise<void> {
  const rounds = isQuick ? 1 : 3;
  const drawn: DrawnCurve[] = [];
  for (const curve of curves) {
    const values = curve.steps.map((step) => ({
      step,
      clock: [] as number[],
      processor: [] as number[],
      redis: [] as number[],
    }));
    for (let round = 0; round < rounds; round++) {
      for (const point of values) {
        await arena.redis.flushall();
        await curve.prepare?.(arena.redis, point.step);
        const count = Math.round((curve.count?.(point.step) ?? COUNT) / (isQuick ? 5 : 1));
        const before = await processorTimeOf(arena.redis);
        const measured = await measure(`${arena.stage.programs}/${curve.program ?? "curve"}/ours.mjs`, {
          url: arena.url,
          encoding: "json",
          count,
          ...curve.settings?.(point.step),
        });
        point.clock.push(measured.value);
        point.processor.push(measured.details?.cpu ?? Number.NaN);
        point.redis.push(((await processorTimeOf(arena.redis)) - before) / (count * (1 + WARM_UP)));
      }
    }
    const points = values.map(({ step, clock, processor, redis }) => ({
      step,
      clock: spreadOf(clock).median,
      processor: spreadOf(processor).median,
      redis: spreadOf(redis).median,
    }));
    drawn.push({ curve, points });
    process.stdout.write(`${line({ curve, points })}\n`);
  }
  if (isQuick) return;
  writeFileSync(`${root}docs/benchmarks-growth.svg`, drawCurves(drawn));
  writeBetween("docs/benchmarks.md", "growth", markdown(drawn));
}

function line({ curve, points }: DrawnCurve): string {
  const each = points.map(
    ({ step, clock, processor, redis }) =>
      `${step}: ${clock.toFixed(1)} (${processor.toFixed(1)}, Redis ${redis.toFixed(1)})`,
  );
  return `${curve.name.padEnd(16)} ${each.join(" · ")}`;
}

function markdown(drawn: readonly DrawnCurve[]): string {
  const table = drawn.flatMap(({ curve, points }) =>
    points.map(({ step, clock, processor, redis }, index) => {
      const label = index === 0 ? `**${curve.name}**: ${curve.unit}` : "";
      const costs = [clock, processor, redis].map((cost) => cost.toFixed(1)).join(" | ");
      return `| ${label} | ${step.toLocaleString("en")} | ${costs} |`;
    }),
  );
  const header = ["| | | µs a message | the client's processor | Redis' processor |", "|---|--:|--:|--:|--:|"];
  return ["![How the cost of a message grows](benchmarks-growth.svg)", "", ...header, ...table].join("\n");
}

function fill(redis: Redis, entries: number): Promise<void> {
  return pipelined(redis, entries, (pipeline) => pipeline.xadd("events", "*", ...ENTRY));
}

async function pipelined(
  redis: Redis,
  count: number,
  add: (pipeline: ReturnType<Redis["pipeline"]>, n: number) => unknown,
): Promise<void> {
  for (let done = 0; done < count; done += 1000) {
    const pipeline = redis.pipeline();
    for (let n = done; n < Math.min(count, done + 1000); n++) add(pipeline, n);
    await pipeline.exec();
  }
}

/** Microseconds that Redis has been at work, for whomever. */
async function processorTimeOf(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = [...info.matchAll(/used_cpu_(?:user|sys):([\d.]+)/g)].reduce(
    (sum, [, time]) => sum + Number(time),
    0,
  );
  return seconds * 1e6;
}
