import type { Failure } from "../handle/failure.js";

const [COLON, COMMA] = [0x3a, 0x2c];
const MOST_DIGITS = 12;
/** Of any field but the errors and the original. */
const LONGEST_TEXT = 10_000;
const MOST_ERROR_BYTES = 3 * 1024 * 1024;

/** A dead letter as its stream stores it. */
export interface DeadLetterRecord {
  /** The stream from which the group read the entry: the original, or the group's redrive stream. */
  readonly stream: string;
  readonly group: string;
  readonly service: string;
  readonly consumer: string;
  /** The entry's id in that stream. */
  readonly entryId: string;
  /** The message's type; `undefined` when the entry does not tell, as for the two ids below. */
  readonly type: string | undefined;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  /** Number of deliveries. */
  readonly attempts: number;
  /** The last error's code, or its class. */
  readonly reason: string;
  readonly failedAt: string;
  /** The error of every failed attempt, oldest first. */
  readonly errors: readonly Failure[];
  /**
   * The entry's fields as they were on the wire, byte for byte: name, value, … Empty if it had been deleted, or is too large to
   * be kept here.
   */
  readonly original: readonly Buffer[];
  /**
   * How many bytes the entry has, if it has more than `MESSAGE_MAX_BYTES`. It then stays in `stream` as the entry `entryId`,
   * and is not trimmed while this letter is open.
   */
  readonly keptBytes?: number;
  /** What of the record cannot be read, because others wrote or changed it; left out when nothing. It can be discarded. */
  readonly problem?: string;
}

/** A letter holds a message of so many bytes, of which each may be packed as a text of its own, its labels, and its errors. */
export function longestLetter(maxMessageBytes: number): number {
  return 5 * maxMessageBytes + MOST_ERROR_BYTES;
}

/**
 * Reads a dead letter's fields: name, value, … They may be anything: what cannot be read is left out.
 *
 * @param oversizedBytes - its size, if these are only its short fields
 */
export function letterOf(fields: readonly Buffer[], oversizedBytes?: number): DeadLetterRecord {
  const values = new Map<string, Buffer>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    values.set((fields[at] as Buffer).toString(), fields[at + 1] as Buffer);
  }
  const text = (name: string): string => values.get(name)?.toString("utf8", 0, LONGEST_TEXT) ?? "";
  const attempts = text("attempts");
  const keptBytes = text("kept_bytes");
  const errors = errorsIn(values.get("errors"));
  const original = decodeNetstrings(values.get("original") ?? Buffer.alloc(0));
  const problems = [
    ...(oversizedBytes === undefined
      ? []
      : [`it has ${oversizedBytes} bytes: raise MESSAGE_MAX_BYTES to read it whole`]),
    ...(values.has("group") ? [] : ["it names no group"]),
    ...(errors === undefined ? ["its errors are not a list of errors"] : []),
    ...(original === undefined ? ["its original is not a list of names and values"] : []),
  ];
  return {
    stream: text("stream"),
    group: text("group"),
    service: text("service"),
    consumer: text("consumer"),
    entryId: text("entry_id"),
    type: text("type") || undefined,
    messageId: text("message_id") || undefined,
    correlationId: text("correlation_id") || undefined,
    attempts: /^\d{1,15}$/.test(attempts) ? Number(attempts) : 0,
    reason: text("reason"),
    failedAt: text("failed_at"),
    errors: errors ?? [],
    original: original ?? [],
    ...(/^\d{1,15}$/.test(keptBytes) ? { keptBytes: Number(keptBytes) } : {}),
    ...(problems.length === 0 ? {} : { problem: problems.join(", and ") }),
  };
}

/** The errors that a record holds; `undefined` if it holds none. They are as our consumers describe them, or as good as that. */
export function errorsIn(bytes: Buffer | undefined): readonly Failure[] | undefined {
  if (bytes === undefined || bytes.length === 0) return [];
  try {
    const list: unknown = JSON.parse(bytes.toString());
    return Array.isArray(list) && list.every(isFailure) ? list : undefined;
  } catch {
    return undefined;
  }
}

function isFailure(value: unknown): value is Failure {
  const { at, name, message, code } = (value ?? {}) as Partial<Record<keyof Failure, unknown>>;
  const texts = [at, name, message, code ?? ""];
  return texts.every((text) => typeof text === "string");
}

/** Reads `length:bytes,` after `length:bytes,`, which keeps any bytes as they are. `undefined` if it is no such list. */
function decodeNetstrings(bytes: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const colon = bytes.indexOf(COLON, at);
    // No longer number is one, and no other text.
    const digits = colon < 0 || colon - at > MOST_DIGITS ? "" : bytes.toString("latin1", at, colon);
    const end = colon + 1 + Number(digits);
    if (!/^\d+$/.test(digits) || bytes[end] !== COMMA) return undefined;
    parts.push(bytes.subarray(colon + 1, end));
    at = end + 1;
  }
  return parts.length % 2 === 0 ? parts : undefined;
}
