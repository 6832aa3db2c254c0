import type { Failure } from "../handle/failure.js";

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
  /** The entry's fields as they were on the wire, byte for byte: name, value, … Empty if it had been deleted. */
  readonly original: readonly Buffer[];
}

/**
 * Reads a dead letter's fields: name, value, …
 *
 * @throws {RangeError} when the original is not a list of netstrings, {SyntaxError} when the errors are not JSON
 */
export function letterOf(fields: readonly Buffer[]): DeadLetterRecord {
  const values = new Map<string, Buffer>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    values.set((fields[at] as Buffer).toString(), fields[at + 1] as Buffer);
  }
  const text = (name: string): string => values.get(name)?.toString() ?? "";
  return {
    stream: text("stream"),
    group: text("group"),
    service: text("service"),
    consumer: text("consumer"),
    entryId: text("entry_id"),
    type: text("type") || undefined,
    messageId: text("message_id") || undefined,
    correlationId: text("correlation_id") || undefined,
    attempts: Number(text("attempts")),
    reason: text("reason"),
    failedAt: text("failed_at"),
    errors: JSON.parse(text("errors") || "[]") as Failure[],
    original: decodeNetstrings(values.get("original") ?? Buffer.alloc(0)),
  };
}

/** Reads `length:bytes,` after `length:bytes,`, which keeps any bytes as they are. */
function decodeNetstrings(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const colon = bytes.indexOf(0x3a, at);
    const length = Number(bytes.toString("latin1", at, colon));
    const end = colon + 1 + length;
    if (colon < 0 || !Number.isInteger(length) || bytes[end] !== 0x2c) {
      throw new RangeError(`the original has no netstring at byte ${at}`);
    }
    parts.push(bytes.subarray(colon + 1, end));
    at = end + 1;
  }
  return parts;
}
