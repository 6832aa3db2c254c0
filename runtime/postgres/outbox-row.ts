import { createHash } from "node:crypto";
import type { PlainMessage } from "../contract/codec.js";
import type { Descriptor } from "../contract/descriptor.js";
import { idsOf } from "../publish/sending.js";
import type { Written } from "../publish/writer.js";

/**
 * So many parts has the outbox: at most so many relays share its work. More than enough, and few to look at. The trigger of the table
 * knows the number, too.
 */
export const PARTS = 64;

/** The columns that are written, in the order of a row's values. */
const COLUMNS = [
  ...["id", "type", "stream", "key", "is_given", "part", "entry", "channel", "announced", "correlation_id", "contract"],
] as const;

/** The values of a row, in the order of {@link COLUMNS}. */
export type OutboxRow = readonly unknown[];

/**
 * A message as a row. Messages of one key are published in their order.
 *
 * @param given - the key that its publisher chose, which chooses its partition, too
 */
export function rowOf(
  descriptor: Descriptor,
  stream: string,
  { message, entry, announced }: Written,
  given: string | undefined,
): OutboxRow {
  const key = given ?? keyOf(descriptor, message, announced?.channel);
  const { messageId, correlationId = null } = idsOf(message);
  const { channel = null, json = null } = announced ?? {};
  const text = JSON.stringify(entry);
  return [
    messageId,
    descriptor.type,
    stream,
    key,
    given !== undefined,
    partOf(key),
    text,
    channel,
    json,
    correlationId,
    digestOf(descriptor),
  ];
}

/** The column of a row whose text PostgreSQL does not take; `undefined` where there is none. The entry is JSON, which escapes it. */
export function columnWithNul(row: OutboxRow): string | undefined {
  return COLUMNS.find((_, at) => typeof row[at] === "string" && row[at].includes("\0"));
}

/** What a message is about: an event its entity, a notification its audience, a command the service that it asks. */
function keyOf({ kind }: Descriptor, message: PlainMessage, channel: string | undefined): string {
  if (kind === "event") return `${String(message["entity_type"] ?? "").toLowerCase()}:${String(message["entity_id"])}`;
  return channel ?? `to:${String(message["target_service"])}`;
}

/** FNV-1a, which spreads short texts well. */
export function partOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return ((hash >>> 16) ^ hash) & (PARTS - 1);
}

const digests = new WeakMap<object, string>();

/** Tells one version of a contract from another. */
export function digestOf({ schema }: Descriptor): string {
  const known = digests.get(schema);
  if (known !== undefined) return known;
  const digest = createHash("sha256").update(JSON.stringify(schema)).digest("base64url").slice(0, 16);
  digests.set(schema, digest);
  return digest;
}

/** So many rows one statement takes at most: PostgreSQL has 65,535 parameters. */
export const MOST_ROWS = 1000;
const statements = new Map<number, string>();

/** The statement that writes so many rows. */
export function insertion(rows: number): string {
  const known = statements.get(rows);
  if (known !== undefined) return known;
  const places = Array.from({ length: rows }, (_, row) => {
    const values = COLUMNS.map((_, column) => `$${row * COLUMNS.length + column + 1}`);
    return `(${values.join(", ")})`;
  });
  const text = `INSERT INTO merp_outbox (${COLUMNS.join(", ")}) VALUES ${places.join(", ")}`;
  // The statements of long lists are seldom the same.
  if (rows <= 100) statements.set(rows, text);
  return text;
}
