import { type Content, type Html, html } from "../../contract/html.js";
import { cut, printable } from "../../contract/printable.js";
import type { Flowing } from "../source/source.js";
import { addressOf } from "./view.js";
import { plain } from "./words.js";

const HEIGHT = 28;
const GAP = 10;
/** Between the types of two streams. */
const STREAM_GAP = 34;
const SPACE = 190;
const MARGIN = 2;
const TOP = 24;
/** The width of a character; a little more than that of the typeface, since it differs between systems. */
const CHARACTER = 7.4;
const LONGEST = 30;

interface Box {
  readonly label: string;
  readonly kind: string;
  readonly address: string | undefined;
}

interface Placed extends Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

interface Head {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** Draws from left to right: services, what they publish by streams in the order of these, and the groups that handle it. */
export function drawFlow(root: string, flowing: readonly Flowing[], order: readonly string[]): Html {
  const services = unique(flowing.flatMap(({ from }) => from.map(({ service }) => service)));
  const groups = unique(flowing.flatMap(({ to }) => to));
  // Each type stands near those who publish and handle it, so that few lines cross.
  const rankOf = ({ from, to }: Flowing): number =>
    mean(from.map(({ service }) => services.indexOf(service) / services.length)) +
    mean(to.map((group) => groups.indexOf(group) / groups.length)) / 2;
  const streams = order.filter((stream) => flowing.some((each) => each.stream === stream));
  const types = streams.flatMap((stream) =>
    flowing
      .filter((each) => each.stream === stream)
      .sort((a, b) => rankOf(a) - rankOf(b) || (a.type < b.type ? -1 : 1)),
  );

  const widths = [services, types.map(({ type }) => type), groups].map((labels) =>
    Math.max(40, ...labels.map(widthOf)),
  );
  const [left = 0, middle = 0, right = 0] = widths;
  const height = TOP + MARGIN + types.length * (HEIGHT + GAP) + Math.max(0, streams.length - 1) * STREAM_GAP + 6;
  const [typeX, groupX] = [MARGIN + left + SPACE, MARGIN + left + middle + 2 * SPACE];
  const { typeBoxes, heads } = placeTypes(root, types, typeX, middle);
  const near = (test: (each: Flowing) => boolean): number =>
    mean(types.flatMap((each, at) => (test(each) ? [(typeBoxes[at]?.y ?? 0) + HEIGHT / 2] : [])));
  const serviceBoxes = placeAside(
    services.map((label) => ({
      label,
      kind: "service",
      address: undefined,
      at: near(({ from }) => from.some(({ service }) => service === label)),
    })),
    { x: MARGIN, width: left, height },
  );
  const groupBoxes = placeAside(
    groups.map((label) => {
      const of = types.find(({ to }) => to.includes(label));
      return {
        label,
        kind: "type",
        address: addressOf(root, "group", { stream: of?.stream, group: label }),
        at: near(({ to }) => to.includes(label)),
      };
    }),
    { x: groupX, width: right, height },
  );
  const most = Math.max(1, ...types.flatMap(({ from }) => from.map(({ count }) => count)));
  const lines = types.flatMap((each, at) => [
    ...each.from.map(({ service, count }) =>
      line(find(serviceBoxes, service), typeBoxes[at], each.stream, 1 + 3 * (count / most)),
    ),
    ...each.to.map((group) => line(typeBoxes[at], find(groupBoxes, group), each.stream, 1.5)),
  ]);
  const all = Math.max(height, ...[...serviceBoxes, ...groupBoxes].map(({ y }) => y + HEIGHT + MARGIN));
  const total = groupX + right + MARGIN;
  return html`<div class="flow scroll" tabindex="0" role="region" aria-label="Picture of the flow"><svg role="group" aria-label="${plain(services.join(", "))} publish ${types.length} kinds of messages to ${plain(groups.join(", ")) || "nobody"}" width="${total}" height="${all}" viewBox="0 0 ${total} ${all}">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>
${[{ text: "Services", x: MARGIN, y: 12 }, { text: "Groups", x: groupX, y: 12 }, ...heads].map(({ text, x, y }) => html`<text class="head" x="${x}" y="${y}">${text}</text>`)}
${lines}${[...serviceBoxes, ...typeBoxes, ...groupBoxes].map(draw)}</svg></div>`;
}

function placeTypes(
  root: string,
  types: readonly Flowing[],
  x: number,
  width: number,
): { typeBoxes: Placed[]; heads: Head[] } {
  const typeBoxes: Placed[] = [];
  const heads: Head[] = [];
  let y = TOP;
  for (const [at, { stream, type, kind }] of types.entries()) {
    const isFirst = types[at - 1]?.stream !== stream;
    if (isFirst && at > 0) y += STREAM_GAP;
    if (isFirst) heads.push({ text: printable(cut(stream, LONGEST)), x, y: y - 12 });
    typeBoxes.push({
      label: type,
      kind,
      address: addressOf(root, "messages", { stream, type: type.replace(/ \+\d+$/, "") }),
      x,
      y,
      width,
    });
    y += HEIGHT + GAP;
  }
  return { typeBoxes, heads };
}

/** Places boxes at the height of what they have to do with, without one over another. */
function placeAside(
  wanted: readonly (Box & { readonly at: number })[],
  { x, width, height }: { readonly x: number; readonly width: number; readonly height: number },
): readonly Placed[] {
  const sorted = [...wanted].sort((a, b) => a.at - b.at);
  const step = HEIGHT + GAP;
  let below = TOP;
  const tops = sorted.map(({ at }) => {
    const y = Math.max(below, at - HEIGHT / 2);
    below = y + step;
    return y;
  });
  // Those that would hang out below move up.
  let above = Math.max(height, TOP + sorted.length * step) - MARGIN - HEIGHT;
  for (let at = tops.length - 1; at >= 0; at--) {
    tops[at] = Math.min(tops[at] ?? 0, above);
    above = (tops[at] ?? 0) - step;
  }
  return sorted.map(({ label, kind, address }, at) => ({ label, kind, address, x, width, y: tops[at] ?? TOP }));
}

function line(from: Placed | undefined, to: Placed | undefined, stream: string, width: number): Content {
  if (from === undefined || to === undefined) return false;
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + HEIGHT / 2, to.x - 2, to.y + HEIGHT / 2];
  const bend = (x2 - x1) / 2;
  return html`<path class="line ${stream}" stroke-width="${width.toFixed(1)}" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" marker-end="url(#arrow)"/>
`;
}

function draw({ x, y, width, label, kind, address }: Placed): Html {
  const inner = html`<title>${printable(label)}</title><rect class="box ${kind}" x="${x}" y="${y}" width="${width}" height="${HEIGHT}" rx="6"/><text x="${x + width / 2}" y="${y + HEIGHT / 2}">${shown(label)}</text>`;
  return address === undefined ? html`<g>${inner}</g>` : html`<a href="${address}">${inner}</a>`;
}

function find(boxes: readonly Placed[], label: string): Placed | undefined {
  return boxes.find((box) => box.label === label);
}

function shown(label: string): string {
  return printable(cut(label, LONGEST));
}

function widthOf(label: string): number {
  return Math.ceil(shown(label).length * CHARACTER) + 24;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
