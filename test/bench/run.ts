import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { drawReport } from "./chart.js";
import { compete, type Results } from "./contest.js";
import type { Arena } from "./contests/arena.js";
import { contests } from "./contests/index.js";
import { runCurves } from "./curves.js";
import { writeBetween } from "./document.js";
import { type ContestName, type Effort, effortFor, fitted } from "./effort.js";
import { describeMachine } from "./machine.js";
import { measure } from "./measure.js";
import { installPeers } from "./peers.js";
import { markdown, outcomes, printed, type Report } from "./report.js";
import { buildStage, cacheFolder, root } from "./stage.js";

const { values: asked } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    curves: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    count: { type: "string" },
    draw: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

/** What it promises to its caller, less what it takes to write the report. A part of it may take as long as all. */
const endsAt = performance.now() + (asked.quick && asked.only === undefined ? 52_000 : 570_000);

/** `npm run bench`: all of it into docs/benchmarks.md. A quick or partial run is printed only. */
if (asked.draw) write(JSON.parse(readFileSync(`${cacheFolder}/report.json`, "utf8")) as Report);
else await bench();

async function bench(): Promise<void> {
  using stage = await buildStage({ keep: asked.keep });
  if (stage.complaints !== "") say(`The source does not check, and is measured as it is:\n${stage.complaints}`);
  await using server = await startRedis({ arguments: ["--save", "", "--appendonly", "no"] });
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => {});
  try {
    if (asked.curves) await runCurves({ stage, peers: undefined, url: server.url, redis }, asked.quick);
    else
      await hold(
        { stage, peers: undefined, url: server.url, redis },
        server.flavour === "redis" ? server.version : `${server.flavour} ${server.version}`,
      );
  } finally {
    redis.disconnect();
  }
}

async function hold(arena: Arena, redisVersion: string): Promise<void> {
  const names = (Object.keys(contests) as ContestName[]).filter(
    (name) => asked.only === undefined || asked.only.split(",").includes(name),
  );
  const gaps: string[] = [];
  const wantsPeers =
    (!asked.quick || asked.only !== undefined) && names.some((name) => name === "both" || name === "generate");
  if (asked.quick) gaps.push("other packages, which a quick run leaves out");
  using peers = wantsPeers
    ? await installPeers((why) => gaps.push(`other packages could not be installed (${why})`))
    : undefined;
  const machine = describeMachine(redisVersion, peers?.versions);
  const results: Partial<Record<ContestName, Results>> = {};
  const pace = await paceOf(arena);
  for (const name of names) {
    const secondsLeft = (endsAt - performance.now()) / 1000;
    // Whoever took it away, there is nothing left to measure with.
    if (!(await isThere(arena.redis))) throw new Error("The bench's own Redis is gone");
    if (secondsLeft < 1) {
      gaps.push(`${name}: this machine was too slow, or too busy, to come to it in time`);
      continue;
    }
    const planned = fitted(effortFor(name, asked.quick), pace);
    const effort = { ...asWished(planned), seconds: Math.min(planned.seconds, secondsLeft) };
    const contestants = contests[name]({ ...arena, peers });
    results[name] = await compete(contestants, effort, (who, error) => {
      gaps.push(`${name}, ${who}: ${error.message.split("\n")[0]}`);
      say(`${name}, ${who}: ${error.message}`);
    });
    say(printed(name, results[name]));
  }
  const report: Report = { measuredOn: new Date().toISOString().slice(0, 10), machine, results, gaps };
  for (const gap of gaps) say(`Not measured: ${gap}`);
  // A partial run must not take the place of the whole one that --draw draws again.
  const file = `${cacheFolder}/${asked.quick || asked.only !== undefined ? "part" : "report"}.json`;
  writeFileSync(file, JSON.stringify(report));
  say(`Load at the end: ${loadavg()[0]?.toFixed(1)}. All measurements: ${file}`);
  if (!asked.quick && asked.only === undefined) write(report);
}

/** How this machine compares with one on which the raw client publishes 100,000 messages a second; at most 1. */
async function paceOf({ stage, url }: Arena): Promise<number> {
  const settings = { url, encoding: "json", count: 15_000 };
  const { value } = await measure(`${stage.folder}/programs/publish/raw.mjs`, settings);
  return Math.min(1, value / 100_000);
}

async function isThere(redis: Redis): Promise<boolean> {
  return redis.ping().then(
    () => true,
    () => false,
  );
}

/** Rounds that somebody asked for are held. */
function asWished(planned: Effort): Effort {
  const rounds = Number(asked.rounds ?? planned.rounds);
  const count = Number(asked.count ?? planned.count);
  return { ...planned, rounds, count, fewestRounds: asked.rounds === undefined ? 1 : rounds };
}

function write(report: Report): void {
  if (report.results.both !== undefined) {
    writeFileSync(`${root}docs/benchmarks.svg`, drawReport(report.results.both, outcomes(report)));
  }
  writeBetween("docs/benchmarks.md", "bench", markdown(report));
  say("Written: docs/benchmarks.md, docs/benchmarks.svg");
}

function say(text: string): void {
  if (text !== "") process.stdout.write(`${text}\n`);
}
