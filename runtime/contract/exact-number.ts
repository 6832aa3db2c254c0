export const INEXACT =
  "is a number that JavaScript cannot hold exactly: send it as text, and declare it as a string in the schema";
const INFINITE = "is an infinite number or NaN, which JSON cannot write";

/** The largest double has so many digits before its point. */
const MOST_DIGITS = 309;
/** A number of so many characters at most, without an exponent, is held exactly, or is the double's own text. */
const ALWAYS_HELD = 15;
const [ZERO, NINE, MINUS, POINT] = [48, 57, 45, 46] as const;
const [LEAST, MOST] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

/** A number that would become another one. Its keys may have names that are sensitive. */
export interface Inexact {
  readonly keys: readonly string[];
  readonly message: string;
}

/**
 * What is wrong with the first number that becomes another one between a value and its text of JSON; `undefined` if there
 * is none. A whole number has to be held exactly. One with a point or an exponent, which is how a
 * double is written, has to be the double's own text. Fractions that are rounded are not looked for.
 */
export function inexactIn(text: string, value: unknown): Inexact | undefined {
  if (!hasLarge(value)) return undefined;
  const inexact = inexactText(text);
  if (inexact !== undefined) return inexact;
  const keys = unlessTooDeep(() => infiniteIn(value), undefined);
  return keys === undefined ? undefined : { keys, message: INFINITE };
}

/** The same for a value that was parsed of the text: it holds nothing that writes itself, which makes it faster. */
export function inexactParsed(text: string, value: unknown): Inexact | undefined {
  return mayHoldLarge(value) ? inexactText(text) : undefined;
}

/** What is wrong with the first number of a text of JSON that becomes another one when it is parsed. It is slow. */
export function inexactText(text: string): Inexact | undefined {
  for (const keys of inexactPaths(text)) return { keys, message: INEXACT };
  return undefined;
}

/** Whether a value may hold a number beyond those of which JavaScript holds each whole one. It is fast. */
function hasLarge(value: unknown): boolean {
  if (typeof value === "number") return isLarge(value);
  if (typeof value !== "object" || value === null) return false;
  // If it is nested too deeply for this, its text is not.
  return unlessTooDeep(() => hasLargeWithin(value as Record<string, unknown>), true);
}

/** {@link hasLarge} of a parsed value. It runs for every message that is read, so it makes no function of its own. */
export function mayHoldLarge(value: unknown): boolean {
  if (typeof value === "number") return isLarge(value);
  if (typeof value !== "object" || value === null) return false;
  try {
    return holdsLarge(value as Record<string, unknown>);
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

function holdsLarge(parsed: Record<string, unknown>): boolean {
  for (const name in parsed) {
    const inner = parsed[name];
    if (typeof inner === "number") {
      if (isLarge(inner)) return true;
    } else if (typeof inner === "object" && inner !== null && holdsLarge(inner as Record<string, unknown>)) return true;
  }
  return false;
}

export function isLarge(number: number): boolean {
  return !(number <= MOST && number >= LEAST);
}

function hasLargeWithin(value: Record<string, unknown>): boolean {
  // What an object of a class writes is not known here.
  if (Object.getPrototypeOf(value) !== Object.prototype && !Array.isArray(value)) return true;
  for (const name in value) {
    const inner = value[name];
    if (typeof inner === "number") {
      if (isLarge(inner)) return true;
    } else if (typeof inner === "function") return true;
    else if (typeof inner === "object" && inner !== null && hasLargeWithin(inner as Record<string, unknown>)) {
      return true;
    }
  }
  return false;
}

function unlessTooDeep<Result>(look: () => Result, otherwise: Result): Result {
  try {
    return look();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}

/** The place of an infinite number or of NaN, for which JSON has no text. */
function infiniteIn(value: unknown, keys: readonly string[] = []): readonly string[] | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : keys;
  if (typeof value !== "object" || value === null || "toJSON" in value) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const found = infiniteIn(inner, [...keys, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a number, given as text, is the same as a number of JavaScript, or a fraction. */
export function isExact(text: string): boolean {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return true;
  if (!Number.isInteger(number)) return Number.isFinite(number);
  // A longer one begins with zeros, as no text of JSON does, or ends in a fraction. Neither is worth its time.
  if (text.length > 2 * MOST_DIGITS) return false;
  const isDouble = /[.eE]/.test(text);
  if (isDouble) {
    // Of so few digits each double has a text of its own.
    if (text.search(/[eE]|$/) <= ALWAYS_HELD) return true;
    if (significant(text) === significant(String(number))) return true;
  }
  const held = String(BigInt(number));
  return held === text || significant(text) === significant(held);
}

/** A number without its sign: its digits from the first to the last that is no zero, and the exponent of that. */
function significant(text: string): string {
  const end = text.search(/[eE]|$/);
  const mantissa = text.slice(text.startsWith("-") ? 1 : 0, end);
  const point = mantissa.indexOf(".");
  const digits = point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1);
  const fraction = point < 0 ? 0 : mantissa.length - point - 1;
  let [from, to] = [0, digits.length];
  while (digits.charCodeAt(from) === ZERO) from++;
  while (to > from && digits.charCodeAt(to - 1) === ZERO) to--;
  return `${digits.slice(from, to)}e${Number(text.slice(end + 1)) - fraction + digits.length - to}`;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The places of all numbers in a text of JSON that become others when it is parsed. It is slow. */
export function* inexactPaths(text: string): Generator<readonly string[]> {
  // The name, as JSON, or the index at each level.
  const way: (string | number)[] = [];
  let name = "";
  for (let at = 0; at < text.length; at++) {
    const short = endOfShortNumber(text, at);
    if (short > at) {
      at = short - 1;
      continue;
    }
    const last = way.length - 1;
    const character = text[at] as string;
    if (character === "{" || character === "[") way.push(character === "{" ? "" : 0);
    else if (character === "}" || character === "]") way.pop();
    else if (character === ":") way[last] = name;
    else if (character === ",") way[last] = typeof way[last] === "number" ? way[last] + 1 : name;
    else if (character === '"') {
      const end = endOfText(text, at);
      name = text.slice(at, end + 1);
      at = end;
    } else {
      NUMBER.lastIndex = at;
      const [number] = NUMBER.exec(text) ?? [];
      if (number === undefined) continue;
      if (!isExact(number)) yield way.map((key) => (typeof key === "number" ? `${key}` : (JSON.parse(key) as string)));
      at += number.length - 1;
    }
  }
}

/** Where a number ends that is so short that it is held exactly, or is a fraction; where it begins if it may be none. */
function endOfShortNumber(text: string, from: number): number {
  let at = from;
  for (; at - from <= ALWAYS_HELD; at++) {
    const code = text.charCodeAt(at);
    if (!((code >= ZERO && code <= NINE) || code === MINUS || code === POINT)) break;
  }
  // Its exponent may be any.
  return at - from > ALWAYS_HELD || text[at] === "e" || text[at] === "E" ? from : at;
}

/** Where a text within JSON ends, that begins at a quotation mark: at the next one that is not escaped. */
function endOfText(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    at = text.indexOf('"', at);
    let before = at - 1;
    while (text[before] === "\\") before--;
    if ((at - before) % 2 === 1) return at;
  }
}
