// Instants are written as RFC 3339 in UTC with `Z`. They are also read without a zone (then UTC) and with a space for
// the `T`, which Python's `isoformat()` and `str()` write.

const DASH = 45;
const COLON = 58;
const SPACE = 32;
const DOT = 46;
const UPPER_T = 84;
const LOWER_T = 116;
const UPPER_Z = 90;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Accepts an RFC 3339 date-time whose zone may be missing and whose `T` may be a space. */
export function isTolerantInstant(text: string): boolean {
  return isInstant(text, true);
}

/** Accepts an RFC 3339 date-time, character by character: a regular expression takes ten times as long. */
export function isInstant(text: string, tolerant = false): boolean {
  const separator = text.charCodeAt(10);
  const isShaped =
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    (separator === UPPER_T || separator === LOWER_T || (tolerant && separator === SPACE)) &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON;
  if (!isShaped) return false;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // A part that is not a number is NaN, and every comparison with NaN is false.
  const isDay = year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  if (!isDay || !(hour <= 23 && minute <= 59 && second <= 60)) return false;
  const zoneAt = endOfFraction(text);
  const offset = zoneAt < 0 ? Number.NaN : offsetOf(text, zoneAt, tolerant);
  if (Number.isNaN(offset)) return false;
  // A leap second exists only at the end of a UTC day.
  return second < 60 || (hour * 60 + minute - offset + 2880) % 1440 === 1439;
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

/** The position of the zone, after the seconds and their fraction; -1 for a dot without digits. */
function endOfFraction(text: string): number {
  if (text.charCodeAt(19) !== DOT) return 19;
  let at = 20;
  while (digit(text, at) >= 0) at++;
  return at === 20 ? -1 : at;
}

/** Minutes that the zone is ahead of UTC; NaN for text that is not a zone. */
function offsetOf(text: string, at: number, tolerant: boolean): number {
  const zone = text[at];
  if (zone === undefined) return tolerant ? 0 : Number.NaN;
  if (zone === "Z" || zone === "z") return text.length === at + 1 ? 0 : Number.NaN;
  if ((zone !== "+" && zone !== "-") || text.length !== at + 6 || text[at + 3] !== ":") return Number.NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (hours * 60 + minutes) * (zone === "-" ? -1 : 1);
}

function daysOf(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap ? 29 : (DAYS[month - 1] as number);
}

/** The same instant as it is written: with `T` for a space, and `Z` for a missing zone. */
export function normaliseInstant(text: string): string {
  const separator = text.charCodeAt(10);
  const isWritten = separator === UPPER_T && text.charCodeAt(text.length - 1) === UPPER_Z;
  if (isWritten || !isTolerantInstant(text)) return text;
  const joined = separator === SPACE ? `${text.slice(0, 10)}T${text.slice(11)}` : text;
  return joined.length === endOfFraction(joined) ? `${joined}Z` : joined;
}

let lastMs = Number.NaN;
let lastText = "";
let lastSecond = Number.NaN;
/** The text of the last second, up to its milliseconds. */
let prefix = "";

/** The present instant as it is written. Its text is made once a millisecond, and most of it once a second. */
export function presentInstant(now: number = Date.now()): string {
  if (now === lastMs) return lastText;
  const ms = now % 1000;
  if (now - ms !== lastSecond) {
    lastSecond = now - ms;
    prefix = new Date(lastSecond).toISOString().slice(0, -4);
  }
  lastMs = now;
  lastText = `${prefix}${String(ms).padStart(3, "0")}Z`;
  return lastText;
}
