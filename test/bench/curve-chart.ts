import type { DrawnCurve } from "./curve.js";
import { curve as drawCurve, line, picture, type Svg, text } from "./svg.js";

const WIDTH = 880;
const COLUMNS = 3;
const [PANEL_WIDTH, PANEL_HEIGHT] = [272, 230];

/** A small picture for each curve. The costs' axis is logarithmic, the steps' one is as the steps are. */
export function drawCurves(drawn: readonly DrawnCurve[]): Svg {
  const height = 84 + Math.ceil(drawn.length / COLUMNS) * PANEL_HEIGHT;
  return picture(WIDTH, height, "How the cost of a message grows", [
    text(32, 40, "What a message costs, published and handled, as things grow", { size: 18, weight: 700 }),
    text(
      32,
      60,
      "µs a message, logarithmic; blue: by the clock, grey: of it on the client's processor; dashed: growth in proportion",
      {
        colour: "quiet",
      },
    ),
    ...drawn.flatMap((each, index) =>
      panel(each, 32 + (index % COLUMNS) * PANEL_WIDTH, 84 + Math.floor(index / COLUMNS) * PANEL_HEIGHT),
    ),
  ]);
}

function panel({ curve, points }: DrawnCurve, left: number, top: number): Svg[] {
  const [width, height, base] = [PANEL_WIDTH - 36, PANEL_HEIGHT - 104, top + PANEL_HEIGHT - 52];
  const costs = points.flatMap(({ clock, processor }) => [Math.log10(clock), Math.log10(processor)]);
  const low = Math.floor(Math.min(...costs));
  const high = Math.max(low + 2, Math.ceil(Math.max(...costs)));
  const y = (cost: number): number => base - ((Math.min(Math.log10(cost), high) - low) / (high - low)) * height;
  const x = (index: number): number => left + 14 + (index / (points.length - 1)) * (width - 28);
  const powers = Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n));
  const first = points[0]?.clock ?? 1;
  const start = Math.max(1, points[0]?.step ?? 1);
  const proportional = points
    .map(({ step }, index) => [x(index), first * Math.max(1, step / start)] as const)
    .filter(([, cost]) => Math.log10(cost) <= high);
  const [from, to] = [proportional[0], proportional.at(-1)];
  return [
    text(left, top + 18, curve.name, { weight: 600, size: 14 }),
    text(left, top + 33, curve.unit, { colour: "quiet", size: 11 }),
    ...powers.flatMap((power) => [
      line(left, y(power), left + width, y(power), "line"),
      text(left + width + 4, y(power) + 3, short(power), { colour: "quiet", size: 10 }),
    ]),
    ...(from === undefined || to === undefined || from === to
      ? []
      : [line(from[0], y(from[1]), to[0], y(to[1]), "quiet", "3 3")]),
    drawCurve(
      points.map(({ processor }, index) => [x(index), y(processor)] as const),
      "other",
    ),
    drawCurve(
      points.map(({ clock }, index) => [x(index), y(clock)] as const),
      "ours",
    ),
    ...points.map(({ step }, index) =>
      text(x(index), base + 16, short(step), { colour: "quiet", size: 10, anchor: "middle" }),
    ),
  ];
}

function short(step: number): string {
  return step >= 1e6 ? `${step / 1e6}M` : step >= 1000 ? `${step / 1000}k` : String(step);
}
