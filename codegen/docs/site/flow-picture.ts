import { type Content, html } from "../../../runtime/contract/html.js";

/** A box of the picture, which leads to a page. */
export interface Box {
  readonly label: string;
  readonly address: string;
  /** The class by which it is coloured: `service`, or the kind of a message. */
  readonly kind: string;
}

/** A line from a service to a message, or from a message to a service, by their labels. */
export interface Line {
  readonly from: string;
  readonly to: string;
}

/** Who publishes, what, and who handles it. */
export interface Flow {
  readonly publishers: readonly Box[];
  readonly messages: readonly Box[];
  readonly handlers: readonly Box[];
  readonly published: readonly Line[];
  readonly handled: readonly Line[];
}

const HEIGHT = 30;
const GAP = 10;
const SPACE = 96;
const MARGIN = 2;
/** The width of a character; a little more than that of the typeface, since it differs between systems. */
const CHARACTER = 7.7;
const LONGEST = 34;

interface Placed extends Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Draws a flow from left to right. */
export function flowPicture({ publishers, messages, handlers, published, handled }: Flow): Content {
  const columns = [publishers, messages, handlers];
  const tallest = Math.max(...columns.map((boxes) => heightOf(boxes)));
  let x = MARGIN;
  const placed = columns.map((boxes) => {
    const width = Math.max(0, ...boxes.map(({ label }) => widthOf(label)));
    const top = MARGIN + (tallest - heightOf(boxes)) / 2;
    const column = boxes.map((box, at): Placed => ({ ...box, x, y: top + at * (HEIGHT + GAP), width }));
    if (boxes.length > 0) x += width + SPACE;
    return column;
  });
  const [left = [], middle = [], right = []] = placed;
  const [total, height] = [x - SPACE + MARGIN, tallest + 2 * MARGIN];
  const lines = [
    ...published.map(({ from, to }) => lineBetween(find(left, from), find(middle, to))),
    ...handled.map(({ from, to }) => lineBetween(find(middle, from), find(right, to))),
  ];
  const label = `${names(publishers)} → ${names(messages)} → ${names(handlers)}`;
  return html`<div class="flow scroll" tabindex="0"><svg role="group" aria-label="${label}" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>
${lines}${placed.flat().map(box)}</svg></div>`;
}

function names(boxes: readonly Box[]): string {
  return boxes.length === 0 ? "nobody" : boxes.map(({ label }) => label).join(", ");
}

function find(column: readonly Placed[], label: string): Placed | undefined {
  return column.find((box) => box.label === label);
}

function shown(label: string): string {
  return label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label;
}

function widthOf(label: string): number {
  return Math.ceil(shown(label).length * CHARACTER) + 24;
}

function heightOf(boxes: readonly Box[]): number {
  return Math.max(0, boxes.length * (HEIGHT + GAP) - GAP);
}

function lineBetween(from: Placed | undefined, to: Placed | undefined): Content {
  if (from === undefined || to === undefined) return false;
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + HEIGHT / 2, to.x - 2, to.y + HEIGHT / 2];
  const bend = (x2 - x1) / 2;
  return html`<path class="line" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" marker-end="url(#arrow)"/>
`;
}

function box({ x, y, width, label, address, kind }: Placed): Content {
  return html`<a href="${address}"><title>${label}</title><rect class="box ${kind}" x="${x}" y="${y}" width="${width}" height="${HEIGHT}" rx="6"/><text x="${x + width / 2}" y="${y + HEIGHT / 2}">${shown(label)}</text></a>
`;
}
