import type { KeyUsage, KeyUse } from "../../operations/keys/key-usage.js";
import { tableOfNames } from "../table.js";

/** What lies under a key, by place: `events: 12, dead letters 1`. */
export function placesOf(uses: readonly KeyUse[]): string {
  return [...grouped(uses)]
    .map(([stream, own]) => `${stream} (${own.map(({ place, values }) => `${place} ${values}`).join(", ")})`)
    .join(", ");
}

function grouped(uses: readonly KeyUse[]): ReadonlyMap<string, readonly KeyUse[]> {
  const byStream = new Map<string, KeyUse[]>();
  for (const use of uses) byStream.set(use.stream, [...(byStream.get(use.stream) ?? []), use]);
  return byStream;
}

/** What could not be looked into, as a sentence; empty if there is nothing. */
export function unreadLine({ unread }: Pick<KeyUsage, "unread">): string {
  const entries = unread === 1 ? "1 entry is" : `${unread} entries are`;
  return `${entries} larger than MESSAGE_MAX_BYTES, and what they hold is not known`;
}

/** A table of keys. */
export function keyTable(rows: readonly KeyRow[]): string {
  const head = ["KEY", "STATE", "VALUES", "OLDEST", "WHERE"];
  return tableOfNames(
    head,
    rows.map(({ id, state, uses }) => {
      const values = uses.reduce((sum, use) => sum + use.values, 0);
      const oldest = values === 0 ? "" : new Date(Math.min(...uses.map(({ oldestMs }) => oldestMs))).toISOString();
      return [id, state, values, oldest.slice(0, 16), placesOf(uses)];
    }),
  );
}

/** A key, and the values that it can read. */
export interface KeyRow {
  readonly id: string;
  /** `current`, `old`, `unknown`, or when it begins. */
  readonly state: string;
  readonly uses: readonly KeyUse[];
}
