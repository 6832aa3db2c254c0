/** A piece of a picture: lines of SVG. */
export type Svg = string;

/** The report's colours, by what they stand for. On a dark page the second of each is used. */
const COLOURS = {
  page: ["#ffffff", "#0f172a"],
  ink: ["#0f172a", "#e2e8f0"],
  quiet: ["#64748b", "#94a3b8"],
  line: ["#e2e8f0", "#1e293b"],
  ours: ["#2563eb", "#3b82f6"],
  second: ["#7dabf8", "#1d4ed8"],
  other: ["#cbd5e1", "#475569"],
  good: ["#059669", "#34d399"],
  bad: ["#dc2626", "#f87171"],
  third: ["#d97706", "#fbbf24"],
} as const;

export type Colour = keyof typeof COLOURS;

/** How a text looks and where its point is. */
export interface TextStyle {
  readonly colour?: Colour;
  readonly size?: number;
  readonly weight?: 400 | 600 | 700;
  readonly anchor?: "start" | "middle" | "end";
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): Svg {
  const { colour = "ink", size = 13, weight = 400, anchor = "start" } = style;
  return `<text x="${round(x)}" y="${round(y)}" class="${colour}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

export function bar(x: number, y: number, width: number, height: number, colour: Colour): Svg {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(width, 1))}" height="${round(height)}" rx="3" class="${colour}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, colour: Colour, dash = ""): Svg {
  const dashed = dash === "" ? "" : ` stroke-dasharray="${dash}"`;
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="stroke-${colour}" stroke-width="1.5"${dashed}/>`;
}

export function curve(points: readonly (readonly [x: number, y: number])[], colour: Colour): Svg {
  const path = points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join(" ");
  const dots = points.map(([x, y]) => `<circle cx="${round(x)}" cy="${round(y)}" r="3" class="${colour}"/>`);
  return `<path d="${path}" fill="none" class="stroke-${colour}" stroke-width="2" stroke-linejoin="round"/>${dots.join("")}`;
}

/** The whole picture, on a ground of its own, so that it can be read on any page. */
export function picture(width: number, height: number, title: string, parts: readonly Svg[]): Svg {
  const rule = (at: 0 | 1): string =>
    Object.entries(COLOURS)
      .map(([name, pair]) => `.${name}{fill:${pair[at]}}.stroke-${name}{stroke:${pair[at]}}`)
      .join("");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${round(height)}" width="${width}" height="${round(height)}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">`,
    `<title>${escaped(title)}</title>`,
    `<style>${rule(0)}@media (prefers-color-scheme: dark){${rule(1)}}</style>`,
    `<rect width="${width}" height="${round(height)}" rx="12" class="page"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
