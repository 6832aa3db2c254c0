import type { Results } from "./contest.js";
import { PEER_NAMES } from "./contests/streams.js";
import type { ContestName } from "./effort.js";
import { type Spread, spreadOf } from "./statistics.js";

/** One line of the report: something measured, held against something else or against a bound. */
export interface Row {
  readonly label: string;
  readonly contest: ContestName;
  readonly subject: string;
  /** What it is held against; left out where the figure stands for itself. */
  readonly base?: string | { readonly fastestOf: readonly string[] };
  /** How the two become one figure: how many times as fast, how many times as long, how much longer. */
  readonly compare: "speed" | "duration" | "difference" | "alone";
  readonly unit: string;
  readonly atLeast: number;
  readonly aim: number;
}

const encodings = ["json", "fields"] as const;
type Times = Readonly<Record<(typeof encodings)[number], readonly [atLeast: number, aim: number]>>;

/** The subject's messages a second over the base's, in each encoding. */
function speed(label: string, contest: ContestName, base: Row["base"] | "raw", times: Times): Row[] {
  return encodings.map((encoding) => ({
    label: `${label}, ${encoding}`,
    contest,
    subject: `ours, ${encoding}`,
    base: base === "raw" ? `raw, ${encoding}` : base,
    compare: "speed",
    unit: "×",
    atLeast: times[encoding][0],
    aim: times[encoding][1],
  })) as Row[];
}

const same = (atLeast: number, aim: number): Times => ({ json: [atLeast, aim], fields: [atLeast, aim] });

/** Everything that is promised about speed, in the report's order. */
export const rows: readonly Row[] = [
  ...speed("Publish, 1,000 in flight", "publish", "raw", same(1, 2)),
  ...speed("Publish in bulk, by hundreds", "publishAll", "raw", same(1, 1.7)),
  ...speed("Consume to an async handler", "consume", "raw", same(0.75, 0.9)),
  ...speed("Consume, 3 of 30 types handled", "skip", "raw", same(0.8, 0.9)),
  ...speed("Publish and consume together", "both", "raw", same(1, 1.4)),
  ...speed("… beside the fastest peer", "both", { fastestOf: PEER_NAMES }, { json: [2.5, 4], fields: [1.5, 2] }),
  ...speed("… beside BullMQ", "both", "bullmq", { json: [4, 5], fields: [2.5, 4] }),
  duration("Publish → handler at 200/s, p50", "latency", "ours", "raw", 1.25, 1.05),
  duration("Command → answer, p50", "command", "ours", "raw", 1.3, 1.1),
  duration("CPU for 1,000 messages, OpenTelemetry's API alone", "traced", "api", "without", 1.1, 1.03),
  duration("… traced by its SDK, beside its calls by hand", "traced", "ours", "bare", 1.15, 1.05),
  duration("CPU of a service of 200 µs, OpenTelemetry's API alone", "service", "api", "without", 1.05, 1.02),
  duration("… with its metrics", "service", "metrics", "without", 1.15, 1.05),
  duration("… and one trace of a hundred", "service", "one in a hundred", "without", 1.15, 1.1),
  duration("… or every trace", "service", "every trace", "without", 1.25, 1.15),
  alone("Validation, writer and reader", "validation", "µs", 2, 1),
  alone("Heap over a long run, end beside begin", "memory", "×", 1.1, 1.02),
  { ...duration("Cold process to first publish", "cold", "ours", "raw", 60, 20), compare: "difference", unit: "ms" },
  { ...alone("A test of 100 messages in memory", "kit", "ms", 20, 10), subject: "ours, memory" },
  duration("… beside the same test on Redis", "kit", "ours, memory", "ours, redis", 1, 0.5),
  { ...alone("Creating a messaging of tests", "kit", "ms", 2, 0.5), subject: "ours, creation" },
  duration("Type-check, 400 messages beside 10", "typecheck", "400 messages", "10 messages", 1.5, 1.5),
  ...["modelina", "quicktype"].flatMap((peer) => [
    { ...generation(`Generate 400 messages, beside ${peer}`, "ours", peer), atLeast: 2, aim: 5 },
    { ...generation(`… after one edit, beside ${peer}`, "ours, one edit", peer), atLeast: 2, aim: 10 },
  ]),
];

function duration(
  label: string,
  contest: ContestName,
  subject: string,
  base: string,
  atLeast: number,
  aim: number,
): Row {
  return { label, contest, subject, base, compare: "duration", unit: "×", atLeast, aim };
}

function alone(label: string, contest: ContestName, unit: string, atLeast: number, aim: number): Row {
  return { label, contest, subject: "ours", compare: "alone", unit, atLeast, aim };
}

/** How many times as fast: durations the other way round. */
function generation(label: string, subject: string, peer: string): Omit<Row, "atLeast" | "aim"> {
  return { label, contest: "generate", subject: peer, base: subject, compare: "duration", unit: "×" };
}

/** What a contest's values are in: messages a second, which are better the more there are, or what is better small. */
export function unitOf(contest: ContestName): string {
  const row = rows.find((row) => row.contest === contest);
  return row?.compare === "speed" ? "/s" : row?.compare === "alone" ? row.unit : "ms";
}

/** A row with its figure. */
export interface Outcome {
  readonly row: Row;
  /** The rounds' ratios (or differences): each between neighbours in time. */
  readonly figure: Spread;
  /** The medians behind it: the subject's and the base's. */
  readonly subject: number;
  readonly base: number | undefined;
  /** Who the base was, where that was to be found out. */
  readonly baseName: string | undefined;
  /** How many rounds the figure rests on. */
  readonly rounds: number;
  /** Too few rounds settle nothing; one long run by itself is another matter. */
  readonly verdict: "aim" | "reached" | "missed" | "open";
}

/** Undefined where one of the two could not be measured. */
export function outcomeOf(row: Row, results: Results): Outcome | undefined {
  const baseName = typeof row.base === "object" ? fastest(row.base.fastestOf, results) : row.base;
  const subjects = (results[row.subject] ?? []).map(({ value }) => value);
  const bases = (baseName === undefined ? [] : (results[baseName] ?? [])).map(({ value }) => value);
  if (subjects.length === 0 || (row.base !== undefined && bases.length === 0)) return undefined;
  const figures = subjects.flatMap((subject, round) => {
    const base = bases[round];
    if (row.compare === "alone") return [subject];
    if (base === undefined) return [];
    return [row.compare === "difference" ? subject - base : subject / base];
  });
  const figure = spreadOf(figures);
  return {
    row,
    figure,
    subject: spreadOf(subjects).median,
    base: bases.length === 0 ? undefined : spreadOf(bases).median,
    baseName,
    rounds: figures.length,
    verdict: verdictOf(row, figures.length, figure.median),
  };
}

/** Fewer would be an accident's word. */
const FEWEST_ROUNDS = 3;

function verdictOf(row: Row, rounds: number, figure: number): Outcome["verdict"] {
  if (rounds < FEWEST_ROUNDS && row.contest !== "memory") return "open";
  return meets(row, figure, row.aim) ? "aim" : meets(row, figure, row.atLeast) ? "reached" : "missed";
}

/** More is better of speeds, and of the times that other generators take as long. */
export function moreIsBetter(row: Row): boolean {
  return row.compare === "speed" || row.contest === "generate";
}

function meets(row: Row, figure: number, bound: number): boolean {
  return moreIsBetter(row) ? figure >= bound : figure <= bound;
}

function fastest(names: readonly string[], results: Results): string | undefined {
  const median = (name: string): number => spreadOf((results[name] ?? []).map(({ value }) => value)).median;
  return names.filter((name) => (results[name] ?? []).length > 0).sort((a, b) => median(b) - median(a))[0];
}
