import { type Content, type Html, html } from "../../contract/html.js";
import { cut, printable } from "../../contract/printable.js";

const LONGEST = 160;
const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

/** A name that others chose: isolated, on one line, and not too long. */
export function name(text: string): Html {
  return html`<bdi>${plain(text)}</bdi>`;
}

/** The same for an attribute that is shown or read out. */
export function plain(text: string): string {
  return cut(printable(text), LONGEST);
}

/** JSON over several lines, which means the same and shows all that it holds. */
export function json(value: unknown): string {
  const lines = JSON.stringify(value, null, 2).split("\n");
  return lines.map(printable).join("\n");
}

/** A sentence that others may have had a part in: on one line. */
export function sentence(text: string): Html {
  return html`<bdi>${cut(printable(text), 2000)}</bdi>`;
}

/** What is not there, or not known. */
export const NOTHING: Html = html`<span class="nothing">–</span>`;

/** `12,345`; a dash for what is not known. */
export function count(value: number | undefined): Content {
  return value === undefined ? html`<span class="nothing" title="Redis cannot tell">?</span>` : whole(value);
}

/** `12,345` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `0`, `0.4` or `1,234`: a rate or another measure, without a precision that it has not. */
export function measure(value: number | undefined): string {
  if (value === undefined) return "–";
  return value !== 0 && Math.abs(value) < 10 ? value.toFixed(1).replace(/\.0$/, "") : whole(value);
}

/** `3 messages` */
export function several(value: number, noun: string): string {
  return `${whole(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `1 entry`, `3,000 entries` */
export function entries(value: number): string {
  return `${whole(value)} ${value === 1 ? "entry" : "entries"}`;
}

/** `42 s`, `3 min`, `2 h 5 min` */
export function length(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const at = UNITS.findIndex(([, unit]) => seconds >= unit);
  const found = UNITS[at];
  if (found === undefined) return `${seconds} s`;
  const [unit, size] = found;
  const [smaller, part] = UNITS[at + 1] ?? ["s", 1];
  const rest = Math.floor((seconds % size) / part);
  return `${Math.floor(seconds / size)} ${unit}${rest === 0 ? "" : ` ${rest} ${smaller}`}`;
}

/** A length of time; a dash where there is none. */
export function age(ms: number | undefined): Content {
  return ms === undefined ? NOTHING : length(ms);
}

/** A moment, to the second, with how long ago it was. */
export function moment(atMs: number | undefined, nowMs: number = Date.now()): Content {
  if (atMs === undefined || !Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) return NOTHING;
  const iso = new Date(atMs).toISOString();
  return html`<time datetime="${iso}" title="${length(nowMs - atMs)} ago">${iso.slice(0, 10)} ${iso.slice(11, 19)}</time>`;
}

/** A state as a word with a sign, so that colour is not needed. */
export function sign(kind: "good" | "calm" | "notable" | "bad", word: string): Html {
  const mark = { good: "✓", calm: "·", notable: "!", bad: "✗" }[kind];
  return html`<span class="sign ${kind}"><span aria-hidden="true">${mark}</span> ${word}</span>`;
}
