import type { LogEntry } from "../../broker/log.js";
import { typeOf } from "../../contract/codec.js";
import { UNTYPED } from "../../redis/lua/handover.js";
import type { TypeStatus } from "./status.js";

const LISTED = 100;
/** A record is the types, a line each, behind a mark or none: `?` for a member that may handle any. */
const ANY = "?";

/** What is known of the types that a group handles. */
export interface Handling {
  readonly isServed: boolean;
  /** `undefined` where this user may not ask. */
  readonly records: readonly string[] | undefined;
}

/** Which types the newest entries of a stream have, and whether any group handles each. */
export function typesOf(
  newest: readonly LogEntry[],
  groups: readonly Handling[],
  described: readonly string[],
): readonly TypeStatus[] {
  const handled = handledBy(groups);
  const known = new Set(described);
  const types = new Map<string, { seen: number; readonly newestId: string }>();
  for (const { id, fields } of newest) {
    const type = typeOf(fields);
    if (type === undefined) continue;
    const before = types.get(type);
    if (before !== undefined) before.seen++;
    else types.set(type, { seen: 1, newestId: id });
  }
  return [...types]
    .map(([type, seen]) => ({
      type,
      ...seen,
      isKnown: described.length === 0 ? null : known.has(type),
      isHandled: handled.types.has(type) || (handled.isComplete ? false : null),
    }))
    .sort((a, b) => b.seen - a.seen)
    .slice(0, LISTED);
}

/** The types of all groups, and whether these are all: a member in another language does not tell what it handles. */
function handledBy(groups: readonly Handling[]): { readonly types: ReadonlySet<string>; readonly isComplete: boolean } {
  const lines = groups.flatMap(({ records = [] }) => records.filter((record) => record.includes("\n")));
  const isComplete =
    lines.length > 0 &&
    groups.every(({ isServed, records }) => {
      if (records === undefined || records.some((record) => record.startsWith(ANY))) return false;
      return !isServed || records.length > 0;
    });
  return { types: new Set(lines.flatMap((record) => record.split("\n").slice(1, -1).flatMap(typeIn))), isComplete };
}

function typeIn(line: string): string[] {
  if (line === UNTYPED) return [];
  try {
    const type: unknown = JSON.parse(line);
    return typeof type === "string" ? [type] : [];
  } catch {
    return [];
  }
}
