/**
 * Instants on the wire: RFC 3339 in UTC with `Z` as written, and as read also without a zone or with a space for
 * the `T` (then UTC), because Python's `isoformat()` and `str()` write them so.
 */
const PATTERN = /^(\d{4})-(\d\d)-(\d\d)([Tt ])(\d\d):(\d\d):(\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)?$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the text is an RFC 3339 date-time. */
export function isInstant(text: string): boolean {
  return parse(text, false);
}

/** Whether the text is an instant as the field writes it: zone and `T` may be missing. */
export function isTolerantInstant(text: string): boolean {
  return parse(text, true);
}

function parse(text: string, tolerant: boolean): boolean {
  const match = PATTERN.exec(text);
  if (match === null) return false;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[5]);
  const minute = Number(match[6]);
  const second = Number(match[7]);
  const zone = match[8];
  if (!tolerant && (zone === undefined || match[4] === " ")) return false;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return false;
  if (hour > 23 || minute > 59 || second > 60) return false;
  let offset = 0;
  if (zone !== undefined && zone !== "Z" && zone !== "z") {
    const hours = Number(zone.slice(1, 3));
    const minutes = Number(zone.slice(4, 6));
    if (hours > 23 || minutes > 59) return false;
    offset = (hours * 60 + minutes) * (zone[0] === "-" ? -1 : 1);
  }
  // A leap second exists only at the end of a UTC day.
  return second < 60 || (hour * 60 + minute - offset + 2880) % 1440 === 1439;
}

function daysOf(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap ? 29 : (DAYS[month - 1] as number);
}

/** The same instant in the form that we write: `T` for a space, `Z` where the zone is missing. */
export function normaliseInstant(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  if (last === 90 /* Z */ && text.charCodeAt(10) === 84 /* T */) return text;
  const match = PATTERN.exec(text);
  if (match === null) return text;
  const joined = match[4] === " " ? `${text.slice(0, 10)}T${text.slice(11)}` : text;
  return match[8] === undefined ? `${joined}Z` : joined;
}

let lastMs = Number.NaN;
let lastText = "";

/** The present instant as written on the wire; the text is made once a millisecond. */
export function presentInstant(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastText = new Date(now).toISOString();
  }
  return lastText;
}
