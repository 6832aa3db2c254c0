import { type Content, type Html, html } from "../../contract/html.js";
import type { Series } from "../history.js";
import { latest } from "../history.js";
import { length, measure, name, plain } from "./words.js";

const WIDTH = 240;
const HEIGHT = 56;
const PAD = 2;

/** What a plot is of: `waiting for audit`, and the unit of its values. */
export interface Subject {
  readonly label: string;
  readonly unit?: string;
  /** The class that colours it. */
  readonly kind?: string;
}

/** Draws how a value changed. Its words say the same for those who do not see it. */
export function plot(series: Series, { label, unit = "", kind = "" }: Subject): Html {
  const { timesMs, values } = series;
  const known = values.filter((value) => value !== undefined);
  const now = latest(series);
  const most = Math.max(0, ...known);
  const [firstMs = 0, lastMs = 0] = [timesMs[0], timesMs.at(-1)];
  const said =
    known.length === 0
      ? "not known yet"
      : `now ${measure(now)}${unit}, at most ${measure(most)}${unit} in ${length(lastMs - firstMs)}`;
  const place = (atMs: number, value: number): string => {
    const x = PAD + ((atMs - firstMs) / Math.max(1, lastMs - firstMs)) * (WIDTH - 2 * PAD);
    const y = HEIGHT - PAD - (value / Math.max(most, 1e-9)) * (HEIGHT - 2 * PAD);
    return `${x.toFixed(1)} ${(most === 0 ? HEIGHT - PAD : y).toFixed(1)}`;
  };
  const runs = runsOf(series).filter((run) => run.length > 1);
  return html`<svg class="plot ${kind}" role="img" aria-label="${plain(label)}: ${said}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">
<path class="ground" d="M0 ${HEIGHT - 0.5}H${WIDTH}"/>${runs.map((run) => {
    const points = run.map(([atMs, value]) => place(atMs, value));
    const [start = "", end = ""] = [points[0], points.at(-1)];
    const floor = (point: string): string => `${point.split(" ")[0]} ${HEIGHT}`;
    return html`<path class="area" d="M${floor(start)}L${points.join("L")}L${floor(end)}Z"/><path class="line" d="M${points.join("L")}"/>`;
  })}</svg>`;
}

/** A plot with its label and its value in words. */
export function figure(series: Series, subject: Subject, value?: Content): Html {
  const { label, unit = "" } = subject;
  const now = value ?? `${measure(latest(series))}${unit}`;
  return html`<figure class="measure ${subject.kind ?? ""}"><figcaption>${name(label)}</figcaption><b>${now}</b>${plot(series, subject)}</figure>`;
}

type Point = readonly [atMs: number, value: number];

/** What is known without a gap. */
function runsOf({ timesMs, values }: Series): readonly (readonly Point[])[] {
  const runs: Point[][] = [[]];
  for (const [at, value] of values.entries()) {
    if (value === undefined) runs.push([]);
    else runs.at(-1)?.push([timesMs[at] ?? 0, value]);
  }
  return runs;
}
