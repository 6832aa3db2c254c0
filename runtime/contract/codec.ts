import { DecodeError } from "../errors.js";
import type { Encoding } from "./catalogue.js";
import type { Field, Fields } from "./field.js";
import { normaliseInstant } from "./instant.js";

/** A message as a plain object that may break its contract. */
export type PlainMessage = Record<string, unknown>;

/** A stream entry's fields as Redis returns them: name, value, name, value, … */
export type FlatFields = readonly string[];

/** The field of the `json` encoding that holds the message type; {@link JSON_FIELD} holds the message. */
const TYPE_FIELD = "message_type";
const JSON_FIELD = "json";

/** The message's type, read without decoding the entry; `undefined` if no field names it (health, or junk). */
export function typeOf(entry: FlatFields): string | undefined {
  for (let at = 0; at < entry.length; at += 2) {
    switch (entry[at]) {
      case TYPE_FIELD:
      case "event_type":
      case "command_type":
      case "notification_type":
        return entry[at + 1] || undefined;
    }
  }
  return undefined;
}

/** One field's value, read without decoding the entry; `undefined` in the `json` encoding. */
export function fieldOf(entry: FlatFields, name: string): string | undefined {
  for (let at = 0; at < entry.length; at += 2) if (entry[at] === name) return entry[at + 1];
  return undefined;
}

/** The entity that an event is about, as `user:123`; `undefined` for a message without one. */
export function entityOf(entry: FlatFields): string | undefined {
  const json = isJsonEntry(entry) ? fieldOf(entry, JSON_FIELD) : undefined;
  if (json === undefined) {
    const id = fieldOf(entry, "entity_id");
    return id ? `${fieldOf(entry, "entity_type") ?? ""}:${id}` : undefined;
  }
  try {
    const { entity_type: type, entity_id: id } = JSON.parse(json) as PlainMessage;
    return id === undefined ? undefined : `${String(type ?? "")}:${String(id)}`;
  } catch {
    return undefined;
  }
}

/** Reads top-level texts by name, in either encoding, from an entry of any content. The `json` encoding is parsed. */
export function textReader(entry: FlatFields): (name: string) => string | undefined {
  if (!isJsonEntry(entry)) return (name) => fieldOf(entry, name);
  let envelope: unknown;
  try {
    envelope = JSON.parse(fieldOf(entry, JSON_FIELD) as string);
  } catch {
    return () => undefined;
  }
  return (name) => {
    const value = typeof envelope === "object" && envelope !== null ? (envelope as PlainMessage)[name] : undefined;
    return typeof value === "string" ? value : undefined;
  };
}

/** True for an entry in the `json` encoding. */
export function isJsonEntry(entry: FlatFields): boolean {
  return fieldOf(entry, TYPE_FIELD) !== undefined && fieldOf(entry, JSON_FIELD) !== undefined;
}

const JSON_LAYOUT: Layout = [TYPE_FIELD, JSON_FIELD];
const layouts = new Map<string, Layout>();

/** The names of an entry's fields. Entries with the same names share one array. */
export type Layout = readonly string[];

export function layoutOf({ list }: Fields, encoding: Encoding): Layout {
  if (encoding === "json") return JSON_LAYOUT;
  const names = list.map(({ name }) => name);
  const key = names.join("\0");
  const layout = layouts.get(key) ?? names;
  layouts.set(key, layout);
  return layout;
}

/** Writes a message as a stream entry's fields: always all of them, in the same order. */
export function encode(message: PlainMessage, type: string, { list }: Fields, encoding: Encoding): string[] {
  if (encoding === "json") return [TYPE_FIELD, type, JSON_FIELD, JSON.stringify(message)];
  const entry = new Array<string>(list.length * 2);
  let at = 0;
  for (const { name, kind } of list) {
    const value = message[name];
    entry[at++] = name;
    entry[at++] =
      value === undefined || value === null
        ? ""
        : kind === "text" || kind === "instant"
          ? (value as string)
          : kind === "number"
            ? String(value)
            : JSON.stringify(value);
  }
  return entry;
}

/**
 * Reads a stream entry in either encoding. Values have the types that the contract declares; an undeclared field stays
 * text.
 *
 * @throws {DecodeError} when a field that must hold JSON does not, or the entry holds no object
 */
export function decode(entry: FlatFields, fields: Fields): PlainMessage {
  const message: PlainMessage = {};
  if (entry.length === 4 && entry[0] === TYPE_FIELD && entry[2] === JSON_FIELD) {
    return normalise(parseObject(entry[3] as string, JSON_FIELD), fields);
  }
  for (let at = 0; at < entry.length; at += 2) {
    const name = entry[at] as string;
    const text = entry[at + 1] as string;
    if (text === "") continue;
    const field = fields.byName.get(name);
    setOwn(message, name, field === undefined ? text : decodeField(field, text));
  }
  if (!isJsonEntry(entry)) return message;
  return normalise(parseObject(fieldOf(entry, JSON_FIELD) as string, JSON_FIELD), fields);
}

/**
 * Reads a Pub/Sub payload: a JSON object. The Python services write each of its values as text, as in a field. Empty
 * text and null mean absent.
 *
 * @throws {DecodeError} when the payload is not a JSON object
 */
export function decodePayload(payload: string, fields: Fields): PlainMessage {
  const message: PlainMessage = {};
  for (const [name, value] of Object.entries(parseObject(payload, "the payload"))) {
    if (value === "" || value === null) continue;
    const field = fields.byName.get(name);
    setOwn(message, name, field !== undefined && typeof value === "string" ? decodeField(field, value) : value);
  }
  return message;
}

function decodeField(field: Field, text: string): unknown {
  switch (field.kind) {
    case "text":
      return text;
    case "instant":
      return normaliseInstant(text);
    case "number":
      return decodeNumber(text);
    case "json":
      return parse(text, field.name);
  }
}

const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The number, or the text if a number would differ from it: the text then breaks the contract. */
function decodeNumber(text: string): number | string {
  if (!DECIMAL.test(text)) return text;
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  return Number.isInteger(number) && !Number.isSafeInteger(number) && String(number) !== text ? text : number;
}

function normalise(message: PlainMessage, { instants }: Fields): PlainMessage {
  for (const name of instants) {
    const value = message[name];
    if (typeof value === "string") message[name] = normaliseInstant(value);
  }
  return message;
}

function parseObject(text: string, where: string): PlainMessage {
  const value = parse(text, where);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as PlainMessage;
  throw new DecodeError(
    `${where} must hold a JSON object, but holds ${Array.isArray(value) ? "a list" : typeof value}`,
  );
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The cause quotes the value, which may be secret, so its text is not repeated here.
    throw new DecodeError(`${where} is not valid JSON (${text.length} characters)`, { cause });
  }
}

/** Sets a property, also one named `__proto__`. */
export function setOwn(message: PlainMessage, name: string, value: unknown): void {
  if (name !== "__proto__") message[name] = value;
  else Object.defineProperty(message, name, { value, enumerable: true, configurable: true, writable: true });
}
