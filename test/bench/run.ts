import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { startRedis } from "../../runtime/testing/redis/index.js";
import { compared, sideBySide } from "./against.js";
import { drawReport } from "./chart.js";
import { describeCommit } from "./checkout.js";
import { type Contestant, compete, type Results } from "./contest.js";
import type { Arena } from "./contests/arena.js";
import { contests } from "./contests/index.js";
import { runCurves } from "./curves.js";
import { writeBetween } from "./document.js";
import { type ContestName, type Effort, effortFor, fitted } from "./effort.js";
import { describeMachine } from "./machine.js";
import { measure } from "./measure.js";
import { installPeers } from "./peers.js";
import { markdown, outcomes, printed, type Report } from "./report.js";
import { buildStage, buildStageOf, cacheFolder, root } from "./stage.js";

const { values: asked } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    curves: { type: "boolean", default: false },
    only: { type: "string" },
    against: { type: "string" },
    rounds: { type: "string" },
    count: { type: "string" },
    draw: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

const names = (Object.keys(contests) as ContestName[]).filter(
  (name) => asked.only === undefined || asked.only.split(",").includes(name),
);

/**
 * What it promises to its caller, less what it takes to write the report. A part of it may take as long as all, and a
 * comparison with another commit as long as its contests.
 */
const endsAt =
  asked.against === undefined
    ? performance.now() + (asked.quick && asked.only === undefined ? 52_000 : 570_000)
    : Number.POSITIVE_INFINITY;

/**
 * `npm run bench`: all of it into docs/benchmarks.md. A quick or partial run, and one against another commit, is printed
 * only.
 */
if (asked.draw) write(JSON.parse(readFileSync(`${cacheFolder}/report.json`, "utf8")) as Report);
else await bench();

async function bench(): Promise<void> {
  if (asked.curves && asked.against !== undefined) throw new Error("--against compares rows: leave out --curves");
  if (asked.against !== undefined) say(`Ours: the working tree. Theirs: ${describeCommit(root, asked.against)}`);
  using stage = await buildStage(asked);
  using theirs = asked.against === undefined ? undefined : await buildStageOf(asked.against, asked);
  for (const complaints of [stage.complaints, theirs?.complaints ?? ""]) {
    if (complaints !== "") say(`The source does not check, and is measured as it is:\n${complaints}`);
  }
  await using server = await startRedis({ arguments: ["--save", "", "--appendonly", "no"] });
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => {});
  const arena: Arena = { stage, peers: undefined, url: server.url, redis };
  try {
    if (asked.curves) await runCurves(arena, asked.quick);
    else if (theirs !== undefined) await holdAgainst(arena, { ...arena, stage: theirs });
    else await hold(arena, server.flavour === "redis" ? server.version : `${server.flavour} ${server.version}`);
  } finally {
    redis.disconnect();
  }
}

/** Beside other ways to do the same. */
async function hold(arena: Arena, redisVersion: string): Promise<void> {
  const gaps: string[] = [];
  const wantsPeers =
    (!asked.quick || asked.only !== undefined) && names.some((name) => name === "both" || name === "generate");
  if (asked.quick) gaps.push("other packages, which a quick run leaves out");
  using peers = wantsPeers
    ? await installPeers((why) => gaps.push(`other packages could not be installed (${why})`))
    : undefined;
  const machine = describeMachine(redisVersion, peers?.versions);
  const results = await inTurn(arena, gaps, {
    // Generating is held against others only.
    contestants: (name) => (name === "generate" && peers === undefined ? [] : contests[name]({ ...arena, peers })),
    printed,
  });
  const report: Report = { measuredOn: new Date().toISOString().slice(0, 10), machine, results, gaps };
  // A partial run must not take the place of the whole one that --draw draws again.
  keep(asked.quick || asked.only !== undefined ? "part" : "report", report);
  if (!asked.quick && asked.only === undefined) write(report);
}

/** Beside another commit of this repository. */
async function holdAgainst(ours: Arena, theirs: Arena): Promise<void> {
  const gaps: string[] = [];
  const results = await inTurn(ours, gaps, {
    contestants: (name) =>
      sideBySide(name, { ours, theirs }, (who, why) =>
        say(`${name}, ${who}: measured by that commit's own program, since the working tree's failed: ${gist(why)}`),
      ),
    printed: compared,
  });
  keep("against", { against: asked.against, results, gaps });
}

/** Who takes part in a contest, and how the result is shown. */
interface Programme {
  readonly contestants: (name: ContestName) => Contestant[];
  readonly printed: (name: ContestName, results: Results) => string;
}

/** Holds one contest after the other while there is time. */
async function inTurn(arena: Arena, gaps: string[], programme: Programme): Promise<Report["results"]> {
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
    results[name] = await compete(programme.contestants(name), effort, (who, error) => {
      gaps.push(`${name}, ${who}: ${error.message.split("\n")[0]}`);
      say(`${name}, ${who}: ${error.message}`);
    });
    say(programme.printed(name, results[name]));
  }
  for (const gap of gaps) say(`Not measured: ${gap}`);
  return results;
}

function keep(name: string, measurements: object): void {
  const file = `${cacheFolder}/${name}.json`;
  writeFileSync(file, JSON.stringify(measurements));
  say(`Load at the end: ${loadavg()[0]?.toFixed(1)}. All measurements: ${file}`);
}

/** How this machine compares with one on which the raw client publishes 100,000 messages a second; at most 1. */
async function paceOf({ stage, url }: Arena): Promise<number> {
  const settings = { url, encoding: "json", count: 15_000 };
  const { value } = await measure(`${stage.programs}/publish/raw.mjs`, settings);
  return Math.min(1, value / 100_000);
}

async function isThere(redis: Redis): Promise<boolean> {
  return redis.ping().then(
    () => true,
    () => false,
  );
}

/** Rounds that somebody asked for are held, and all of them between two commits: what tells is how far they differ. */
function asWished(planned: Effort): Effort {
  const rounds = Number(asked.rounds ?? planned.rounds);
  const count = Number(asked.count ?? planned.count);
  const fewestRounds = asked.rounds === undefined && asked.against === undefined ? 1 : rounds;
  return { ...planned, rounds, count, fewestRounds };
}

/** Of all that a failed program printed, the line that names the error. */
function gist({ message }: Error): string {
  const lines = message.split("\n");
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? "";
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
