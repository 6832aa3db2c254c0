import { globOf } from "../../broker/glob.js";
import { prefixed } from "../../config/config.js";
import { type FlatFields, textReader, typeOf } from "../../contract/codec.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { readPage } from "../../redis/page.js";
import { MessageReader, type ShownMessage } from "../messages/message-reader.js";
import type { Operator } from "../operator.js";

/** Which messages of a stream are wanted. All conditions count. */
export interface MessageQuery {
  /** The stream's name without the environment's prefix. */
  readonly stream: string;
  /** A type, or a pattern such as `user.*`. */
  readonly type?: string | undefined;
  readonly company?: string | undefined;
  readonly correlation?: string | undefined;
  /** `after_data.status=active`: the path to a value, and the value as it is shown. What is masked is not found. */
  readonly field?: string | undefined;
  /** Only what is older than this entry. */
  readonly before?: string | undefined;
}

/** The newest messages that match, and how far was looked. */
export interface FoundMessages {
  readonly messages: readonly ShownMessage[];
  readonly looked: number;
  /** Where to go on: `before` of the next query; `undefined` at the end of the stream. */
  readonly next: string | undefined;
}

const FOUND = 25;
const LOOKED = 2000;
const PAGE = 200;

/**
 * Finds messages, the newest first: at most 25 of 2000 entries. It leaves no trace in Redis.
 *
 * @throws {ConnectionError} Redis cannot be reached or refuses, or the key is no stream
 */
export async function findMessages(
  { config, routes }: Operator,
  descriptors: readonly Descriptor[],
  query: MessageQuery,
): Promise<FoundMessages> {
  const { stream, before } = query;
  const key = prefixed(config, stream);
  const matches = matcherOf(new MessageReader(descriptors), query);
  const messages: ShownMessage[] = [];
  let to = before !== undefined && isId(before) ? `(${before}` : "+";
  let looked = 0;
  while (looked < LOOKED) {
    const range = { to, most: PAGE, maxEntryBytes: config.maxMessageBytes, newestFirst: true };
    const page = await routes.at(key).ask(`reading ${key}`, (client) => readPage(client, key, range));
    for (const [at, entry] of page.entries.entries()) {
      looked++;
      const shown = matches(entry);
      if (shown !== undefined) messages.push(shown);
      const isLast = at === page.entries.length - 1 && !page.isMore;
      if (messages.length === FOUND) return { messages, looked, next: isLast ? undefined : entry.id };
    }
    const last = page.entries.at(-1);
    if (last === undefined || !page.isMore) return { messages, looked, next: undefined };
    to = `(${last.id}`;
  }
  return { messages, looked, next: to.slice(1) };
}

type Entry = Parameters<MessageReader["read"]>[0];

/** What is cheap to judge comes first: few entries are decoded. */
function matcherOf(
  reader: MessageReader,
  { stream, type, company, correlation, field }: MessageQuery,
): (entry: Entry) => ShownMessage | undefined {
  const isType = type === undefined ? undefined : globOf(type);
  const [path = [], wanted] = field === undefined ? [] : fieldOf(field);
  const passes = (fields: FlatFields): boolean =>
    (isType === undefined || isType(typeOf(fields) ?? "")) &&
    (correlation === undefined || textReader(fields)("correlation_id") === correlation);
  return (entry) => {
    if (!passes(entry.fields)) return undefined;
    const shown = reader.read(entry, stream);
    if (company !== undefined && shown.company !== company) return undefined;
    if (wanted !== undefined && valueAt(shown.message, path, shown.masked) !== wanted) return undefined;
    return shown;
  };
}

function fieldOf(field: string): readonly [path: readonly string[], wanted: string] {
  const at = field.indexOf("=");
  const [path, wanted] = at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
  return [path.trim().split("."), wanted.trim()];
}

/** The text of a value that is shown. Whoever guesses a masked one learns nothing. */
function valueAt(message: unknown, path: readonly string[], masked: readonly string[]): string | undefined {
  if (masked.includes(path.join("."))) return undefined;
  let value = message;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isId(text: string): boolean {
  return /^\d{1,20}-\d{1,20}$/.test(text);
}
