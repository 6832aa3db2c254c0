import { cpus } from "node:os";
import type { Results } from "./contest.js";
import type { ContestName } from "./effort.js";
import type { Machine } from "./machine.js";
import type { Look, Measured } from "./measure.js";
import { moreIsBetter, type Outcome, outcomeOf, type Row, rows, unitOf } from "./row.js";
import { spreadOf } from "./statistics.js";

/** All that one run of the bench found out. */
export interface Report {
  readonly measuredOn: string;
  readonly machine: Machine;
  readonly results: Readonly<Partial<Record<ContestName, Results>>>;
  /** What was not measured, and why. */
  readonly gaps: readonly string[];
}

export function outcomes(report: Report): Outcome[] {
  return rows.flatMap((row) => outcomeOf(row, report.results[row.contest] ?? {}) ?? []);
}

const MARKS = { aim: "✔ aim", reached: "✔", missed: "✘", open: "?" } as const;

/** The rows as they are printed on a terminal. */
export function printed(contest: ContestName, results: Results): string {
  const outcomes = rows.filter((row) => row.contest === contest).flatMap((row) => outcomeOf(row, results) ?? []);
  return outcomes
    .map((outcome) => {
      const { row, verdict } = outcome;
      const bounds = `${bound(outcome, row.atLeast)}, aim ${bound(outcome, row.aim)}`;
      return [
        row.label.padEnd(44),
        figure(outcome).padStart(9),
        spread(outcome).padStart(20),
        bounds.padStart(24),
        ` ${MARKS[verdict].padEnd(6)}`,
        medians(outcome, results),
        processorTime(outcome, results),
      ].join(" ");
    })
    .join("\n");
}

/** Nearly free of the machine's other work, where rates are not. */
function processorTime({ row, baseName = "" }: Outcome, results: Results): string {
  const [ours, base] = [cpuOf(results[row.subject]), cpuOf(results[baseName])];
  return ours === "" || base === "" ? "" : `(processor: ${ours} and ${base} µs)`;
}

function cpuOf(measured: readonly Measured[] = []): string {
  const cpu = measured.flatMap(({ details }) => details?.cpu ?? []);
  return cpu.length === 0 ? "" : spreadOf(cpu).median.toFixed(1);
}

/** The part of docs/benchmarks.md between its markers. */
export function markdown(report: Report): string {
  const { machine, measuredOn, gaps } = report;
  const table = outcomes(report).map((outcome) => {
    const { row, verdict } = outcome;
    const cells = [
      row.label,
      bound(outcome, row.atLeast),
      bound(outcome, row.aim),
      `**${figure(outcome)}** ${MARKS[verdict]}`,
      spread(outcome),
      medians(outcome, report.results[row.contest] ?? {}),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    `Measured on ${measuredOn}: ${machine.processors}, ${machine.memory}, ${machine.system}, load ${machine.load} at the beginning. ${versions.join(" · ")}.`,
    "",
    ...(machine.load > cpus().length
      ? ["**The machine was busy with other work: these figures are unsteady and are not a result.**", ""]
      : []),
    "![Messages a second, and how far from the raw client](benchmarks.svg)",
    "",
    "| | at least | aim | measured | middle half of the rounds | medians |",
    "|---|---|---|---|---|---|",
    ...table,
    "",
    ...gaps.flatMap((gap) => [`Not measured: ${gap}`, ""]),
    "### Cost of a message on the client",
    "",
    "Processor time of the Node process, with all its threads, in microseconds per message. Unlike a rate, it does not include the machine's other work.",
    "",
    "| | json, raw | json, ours | fields, raw | fields, ours |",
    "|---|---|---|---|---|",
    ...costs(report),
    "",
    ...memory(report),
  ];
  return lines.join("\n").trimEnd();
}

function costs({ results }: Report): string[] {
  const names = { publish: "publish", publishAll: "publish in bulk", consume: "consume", skip: "skip", both: "both" };
  return Object.entries(names).map(([contest, label]) => {
    const names = ["raw, json", "ours, json", "raw, fields", "ours, fields"];
    const cells = names.map((name) => cpuOf(results[contest as ContestName]?.[name]));
    return `| ${label} | ${cells.join(" | ")} |`;
  });
}

function memory({ results }: Report): string[] {
  const looks = results.memory?.["ours"]?.[0]?.details?.looks ?? [];
  if (looks.length === 0) return [];
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  const shown = looks.filter((_, index) => index % Math.ceil(looks.length / 8) === 0 || index === looks.length - 1);
  const row = ({ messages, heap, rss, redis }: Look): string =>
    `| ${messages.toLocaleString("en")} | ${megabytes(heap)} | ${megabytes(rss)} | ${megabytes(redis)} |`;
  return [
    "### Memory over a long run",
    "",
    "Megabytes after a full garbage collection. Redis trims the entries that every group has acknowledged.",
    "",
    "| messages | heap | process | Redis |",
    "|---|---|---|---|",
    ...shown.map(row),
  ];
}

function bound({ row }: Outcome, value: number): string {
  return `${moreIsBetter(row) ? "≥" : "≤"} ${value} ${row.unit}`;
}

function figure({ row, figure }: Outcome): string {
  return `${digits(figure.median)} ${row.unit}`;
}

function spread({ figure, rounds }: Outcome): string {
  return rounds === 1 ? "1 round" : `${digits(figure.low)} – ${digits(figure.high)} of ${rounds}`;
}

/** What the figure was made of, in the contest's own unit. */
function medians({ row, subject, base, baseName }: Outcome, results: Results): string {
  if (row.compare === "alone") return details(row, results);
  const unit = unitOf(row.contest);
  return `${row.subject} ${amount(subject, unit)}, ${baseName} ${amount(base as number, unit)}`;
}

export function amount(value: number, unit: string): string {
  return unit === "/s" ? `${(value / 1000).toFixed(1)}k/s` : `${digits(value)} ${unit}`;
}

/** How long a long run was: on a slow machine its time ends before its messages do. */
function details(row: Row, results: Results): string {
  const messages = results[row.subject]?.[0]?.details?.looks?.at(-1)?.messages;
  return messages === undefined ? "" : `${messages.toLocaleString("en")} messages`;
}

export function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
