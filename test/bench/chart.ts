import type { Results } from "./contest.js";
import { PEER_NAMES } from "./contests/streams.js";
import type { Outcome } from "./row.js";
import { spreadOf } from "./statistics.js";
import { bar, type Colour, line, picture, type Svg, text } from "./svg.js";

const WIDTH = 880;
const LEFT = 300;
const RIGHT = WIDTH - 100;
const ROW = 26;

/** The report as one picture: how many messages a second, and how far from the raw client. */
export function drawReport(both: Results, outcomes: readonly Outcome[]): Svg {
  const speeds = drawSpeeds(both, 84);
  const ratios = drawRatios(outcomes, speeds.bottom + 62);
  return picture(WIDTH, ratios.bottom + 28, "Benchmarks of @m-erp/messaging", [
    text(32, 44, "Publish and consume together, messages a second", { size: 18, weight: 700 }),
    text(32, 64, "one Node process, at least once, the same 12-property event, the same Redis", { colour: "quiet" }),
    ...speeds.parts,
    ...ratios.parts,
  ]);
}

interface Panel {
  readonly parts: readonly Svg[];
  readonly bottom: number;
}

function drawSpeeds(results: Results, top: number): Panel {
  const entries = Object.entries(results)
    .filter(([, measured]) => measured.length > 0)
    .map(([name, measured]) => ({ name, value: spreadOf(measured.map(({ value }) => value)).median }))
    .sort((a, b) => b.value - a.value);
  const widest = Math.max(...entries.map(({ value }) => value));
  const parts = entries.flatMap(({ name, value }, index) => {
    const y = top + index * ROW;
    const width = ((RIGHT - LEFT) * value) / widest;
    const isOurs = name.startsWith("ours");
    return [
      text(LEFT - 12, y + 16, labelOf(name), { anchor: "end", weight: isOurs ? 600 : 400 }),
      bar(LEFT, y + 3, width, ROW - 7, colourOf(name)),
      text(LEFT + width + 8, y + 16, thousands(value), { colour: "quiet", weight: isOurs ? 600 : 400 }),
    ];
  });
  return { parts, bottom: top + entries.length * ROW };
}

function labelOf(name: string): string {
  const [who, encoding] = name.split(", ");
  if (who === "ours") return `@m-erp/messaging, ${encoding}`;
  return who === "raw" ? `ioredis by hand, ${encoding}` : name;
}

function colourOf(name: string): Colour {
  if (name === "ours, json") return "ours";
  if (name === "ours, fields") return "second";
  return PEER_NAMES.includes(name) ? "other" : "quiet";
}

/** Those rows that hold ours against the raw client: a bar each, the raw client a line, what is promised a tick. */
function drawRatios(outcomes: readonly Outcome[], top: number): Panel {
  const shown = outcomes.filter(
    ({ row }) => row.compare === "speed" && typeof row.base === "string" && row.base.startsWith("raw"),
  );
  const most = Math.max(2, ...shown.map(({ figure, row }) => Math.max(figure.high, row.aim))) * 1.05;
  const x = (ratio: number): number => LEFT + ((RIGHT - LEFT) * ratio) / most;
  const bottom = top + 46 + shown.length * ROW;
  const parts = [
    text(32, top, "Beside the shortest raw ioredis program, raw = 1", { size: 18, weight: 700 }),
    text(32, top + 20, "it neither checks nor types what it moves; red ticks: promised, green ticks: aimed at", {
      colour: "quiet",
    }),
    line(x(1), top + 40, x(1), bottom + 4, "quiet", "3 3"),
    ...shown.flatMap(({ row, figure }, index) => {
      const y = top + 46 + index * ROW;
      const isJson = row.subject.endsWith("json");
      return [
        text(LEFT - 12, y + 16, row.label, { anchor: "end" }),
        bar(LEFT, y + 3, x(figure.median) - LEFT, ROW - 7, isJson ? "ours" : "second"),
        line(x(figure.low), y + ROW / 2 - 0.5, x(figure.high), y + ROW / 2 - 0.5, "ink"),
        line(x(row.atLeast), y + 2, x(row.atLeast), y + ROW - 3, "bad"),
        line(x(row.aim), y + 2, x(row.aim), y + ROW - 3, "good"),
        text(WIDTH - 32, y + 16, `${figure.median.toFixed(2)} ×`, { anchor: "end", weight: 600 }),
      ];
    }),
  ];
  return { parts, bottom };
}

function thousands(value: number): string {
  return Math.round(value / 100) * 100 >= 10_000
    ? `${Math.round(value / 1000)},000`
    : Math.round(value).toLocaleString("en");
}
