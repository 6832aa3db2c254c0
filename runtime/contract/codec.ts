import { ContractError } from "../errors.js";
import type { Encoding, MessageKind } from "./descriptor.js";
import { inexactIn } from "./exact-number.js";
import { type Fields, setOwn } from "./field.js";
import { shownPath } from "./issue-path.js";
import { decodeField, parseMessage } from "./value-text.js";

/** A message as a plain object that may break its contract. */
export type PlainMessage = Record<string, unknown>;

/** A stream entry's fields as Redis returns them: name, value, name, value, … */
export type FlatFields = readonly string[];

/** The property that holds the type of a message, by its kind. */
export const TYPE_PROPERTIES: Readonly<Record<Exclude<MessageKind, "health">, string>> = {
  event: "event_type",
  command: "command_type",
  notification: "notification_type",
};

/** The two fields of the `json` encoding: the message's type, and the message. */
export const TYPE_FIELD = "message_type";
const JSON_FIELD = "json";
/** The field beside those of the message, in either encoding, that holds the key which its publisher chose. */
export const KEY_FIELD = "merp_key";

/**
 * The message's type, read without decoding the entry; `undefined` if no field names it (health, or junk). A generic
 * message of M-ERP's Python library has a subject instead: it is of a type that no contract describes.
 */
export function typeOf(entry: FlatFields): string | undefined {
  for (let at = 0; at < entry.length; at += 2) {
    if (namesType(entry[at] as string)) return entry[at + 1] || undefined;
  }
  return fieldOf(entry, "subject") || undefined;
}

/** Whether a field of this name holds the message's type. */
export function namesType(field: string): boolean {
  const { event, command, notification } = TYPE_PROPERTIES;
  return field === TYPE_FIELD || field === event || field === command || field === notification;
}

/** One field's value, read without decoding the entry; `undefined` in the `json` encoding. */
export function fieldOf(entry: FlatFields, name: string): string | undefined {
  for (let at = 0; at < entry.length; at += 2) if (entry[at] === name) return entry[at + 1];
  return undefined;
}

/** How much text an entry is: the lengths of its names and values. It stands for its bytes, which are expensive to count. */
export function textLength(entry: FlatFields): number {
  let length = 0;
  for (let at = 0; at < entry.length; at++) length += (entry[at] as string).length;
  return length;
}

/** The bytes of an entry's names and values if they may be more than `most`, else less than that. */
export function bytesOf(entry: FlatFields, most: number): number {
  const length = textLength(entry);
  return 3 * length <= most ? length : entry.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** The entity that an event is about, as `user:123`; `undefined` for a message without one. */
export function entityOf(entry: FlatFields): string | undefined {
  const json = jsonOf(entry);
  if (json === undefined) {
    const id = fieldOf(entry, "entity_id");
    return id ? nameEntity(fieldOf(entry, "entity_type"), id) : undefined;
  }
  try {
    const { entity_type: type, entity_id: id } = JSON.parse(json) as PlainMessage;
    return id === undefined ? undefined : nameEntity(type, id);
  } catch {
    return undefined;
  }
}

/** The same name for an entity whose type is written as a class name, as in `User`. */
function nameEntity(type: unknown, id: unknown): string {
  return `${String(type ?? "").toLowerCase()}:${String(id)}`;
}

/** Reads top-level texts by name, in either encoding, from an entry of any content. The `json` encoding is parsed. */
export function textReader(entry: FlatFields): (name: string) => string | undefined {
  const json = jsonOf(entry);
  if (json === undefined) return (name) => fieldOf(entry, name);
  let envelope: PlainMessage | null;
  try {
    envelope = JSON.parse(json) as PlainMessage | null;
  } catch {
    return () => undefined;
  }
  return (name) => {
    const value = envelope?.[name];
    return typeof value === "string" ? value : undefined;
  };
}

export function isJsonEntry(entry: FlatFields): boolean {
  return jsonOf(entry) !== undefined;
}

function jsonOf(entry: FlatFields): string | undefined {
  return fieldOf(entry, TYPE_FIELD) === undefined ? undefined : fieldOf(entry, JSON_FIELD);
}

/** The names of an entry's fields. Entries with the same names share one array. */
export type Layout = readonly string[];

const JSON_LAYOUT: Layout = [TYPE_FIELD, JSON_FIELD];
const layouts = new Map<string, Layout>();

export function layoutOf({ list }: Fields, encoding: Encoding): Layout {
  if (encoding === "json") return JSON_LAYOUT;
  const names = list.map(({ name }) => name);
  const key = names.join("\0");
  const layout = layouts.get(key) ?? names;
  layouts.set(key, layout);
  return layout;
}

/**
 * Writes a message as a stream entry's fields: always all of them, in the same order.
 * @throws {ContractError} for a number that would be another one in its text
 */
export function encode(message: PlainMessage, type: string, fields: Fields, encoding: Encoding): string[] {
  const { list } = fields;
  if (encoding === "json") return [TYPE_FIELD, type, JSON_FIELD, exact(JSON.stringify(message), message, type, fields)];
  const entry = new Array<string>(list.length * 2);
  let at = 0;
  for (const { name, kind } of list) {
    entry[at++] = name;
    const value = message[name];
    if (value === undefined || value === null) entry[at++] = "";
    else if (kind === "text" || kind === "instant") entry[at++] = value as string;
    else entry[at++] = exact(kind === "number" ? String(value) : JSON.stringify(value), value, type, fields, name);
  }
  return entry;
}

/** Returns the text of a value. */
function exact(text: string, value: unknown, type: string, { schema }: Fields, name?: string): string {
  const inexact = inexactIn(text, value);
  if (inexact === undefined) return text;
  const keys = name === undefined ? inexact.keys : [name, ...inexact.keys];
  throw new ContractError(type, [{ path: shownPath(keys, schema), message: inexact.message }]);
}

/** Decodes either encoding; an undeclared field stays text. @throws {DecodeError} for invalid JSON or no object */
export function decode(entry: FlatFields, fields: Fields): PlainMessage {
  const json = jsonOf(entry);
  if (json !== undefined) return parseMessage(json, JSON_FIELD, fields);
  const message: PlainMessage = {};
  for (let at = 0; at < entry.length; at += 2) {
    const name = entry[at] as string;
    const text = entry[at + 1] as string;
    if (text === "") continue;
    // An entry of ours has the contract's fields in their order.
    const next = fields.list[at >> 1];
    const field = next?.name === name ? next : fields.byName.get(name);
    if (field === undefined && name === KEY_FIELD) continue;
    setOwn(message, name, field === undefined ? text : decodeField(field, text, fields));
  }
  return message;
}

/**
 * Decodes a Pub/Sub payload. What its readers take as it stands was written so; otherwise it is Python's, which writes
 * every value as text, and one that is missing as an empty one. Throws as {@link decode}.
 */
export function decodePayload(
  payload: string,
  fields: Fields,
  isReadable: (message: PlainMessage) => boolean,
): PlainMessage {
  const written = parseMessage(payload, "the payload", fields);
  if (isReadable(written)) return written;
  const message: PlainMessage = {};
  for (const [name, value] of Object.entries(written)) {
    if (value === "" || value === null) continue;
    const field = fields.byName.get(name);
    setOwn(message, name, field !== undefined && typeof value === "string" ? decodeField(field, value, fields) : value);
  }
  return message;
}
