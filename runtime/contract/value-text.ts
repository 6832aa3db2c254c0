import { DecodeError } from "../errors.js";
import { INEXACT, type Inexact, inexactParsed, inexactText, isExact, isLarge, mayHoldLarge } from "./exact-number.js";
import type { Field, Fields } from "./field.js";
import { normaliseInstant } from "./instant.js";
import { isObject } from "./is-object.js";
import { shownPath } from "./issue-path.js";

/** Reads a field's value from its text, which is not empty. @throws {DecodeError} for invalid JSON, or a number that is not exact */
export function decodeField({ name, kind, constant }: Field, text: string, fields: Fields): unknown {
  if (kind === "text") return constant === undefined ? text : asConstant(text, constant);
  if (kind === "instant") return normaliseInstant(text);
  return kind === "number" ? decodeNumber(text, name) : decodeJson(text, name, fields);
}

/** The constant, for a text that differs from it in case only: a class name, as in `Partner`, names the same entity. */
function asConstant(value: string, constant: unknown): unknown {
  if (value === constant || typeof constant !== "string") return value;
  return value.toLowerCase() === constant.toLowerCase() ? constant : value;
}

/** So many digits make no number beyond V8's small ones. */
const MOST_SHORT_DIGITS = 9;
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The number, or a text that is none: it then breaks the contract. */
function decodeNumber(text: string, name: string): number | string {
  const whole = shortWhole(text);
  if (whole >= 0) return whole;
  if (!DECIMAL.test(text)) return text;
  if (!isExact(text)) throw new DecodeError(`${name} ${INEXACT} (${text.length} characters)`);
  return Number(text);
}

/** A whole number of few digits, as most are, is read without a regular expression. Negative for any other text. */
function shortWhole(text: string): number {
  if (text.length > MOST_SHORT_DIGITS) return -1;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function decodeJson(text: string, name: string, { schema }: Fields): unknown {
  const value = parse(text, name);
  const inexact = inexactParsed(text, value);
  if (inexact !== undefined) throw notExact(inexact, name, schema, [name]);
  return value;
}

/**
 * Parses a message. Its instants and constants are as the contract writes them then.
 * @param where - names the text in an error
 * @throws {DecodeError} for invalid JSON or no object, or a number that is not exact
 */
export function parseMessage(text: string, where: string, fields: Fields): Record<string, unknown> {
  const value = parse(text, where);
  const isMessage = isObject(value);
  const mayBeInexact = isMessage ? normalise(value, fields) : mayHoldLarge(value);
  const inexact = mayBeInexact ? inexactText(text) : undefined;
  if (inexact !== undefined) throw notExact(inexact, where, fields.schema);
  if (isMessage) return value;
  const found = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
  throw new DecodeError(`${where} must hold a JSON object, but holds ${found}`);
}

/**
 * Changes a message that was parsed. Returns whether it may hold a number beyond those of which JavaScript holds each whole
 * one. It is one pass for all of this, since it runs for every message, and looks up no name that is where the contract has it.
 */
function normalise(message: Record<string, unknown>, { list, byName }: Fields): boolean {
  let isAnyLarge = false;
  let place = 0;
  for (const name in message) {
    const next = list[place];
    const field = next?.name === name ? next : byName.get(name);
    if (field !== undefined) place = field.place + 1;
    const value = message[name];
    if (typeof value === "string") {
      if (field === undefined) continue;
      const { kind, constant } = field;
      const instant = kind === "instant" ? normaliseInstant(value) : value;
      const written = constant === undefined ? instant : asConstant(instant, constant);
      if (written !== value) message[name] = written;
    } else if (typeof value === "number") isAnyLarge ||= isLarge(value);
    else if (typeof value === "object") isAnyLarge ||= mayHoldLarge(value);
  }
  return isAnyLarge;
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser throws quotes the value, which may be secret.
    throw new DecodeError(`${where} is not valid JSON (${text.length} characters)`);
  }
}

function notExact(
  { keys, message }: Inexact,
  where: string,
  schema: Fields["schema"],
  within: readonly string[] = [],
): Error {
  const path = shownPath([...within, ...keys], schema, within.length);
  return new DecodeError(`${where}${path && `: ${path}`} ${message}`);
}
