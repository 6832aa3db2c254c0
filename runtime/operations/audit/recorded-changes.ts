import { addedAt } from "../../broker/entry-id.js";
import type { LogEntry } from "../../broker/log.js";
import { type Config, prefixed } from "../../config/config.js";
import { fieldOf } from "../../contract/codec.js";
import { cut } from "../../contract/printable.js";
import { readPage } from "../../redis/page.js";
import type { Routes } from "../routes.js";
import { AUDIT_STREAM, type Change, type Outcome } from "./audit-trail.js";

/** A change as it is on record. */
export interface RecordedChange extends Required<Pick<Change, "action" | "target" | "who" | "details">> {
  readonly id: string;
  /** When it began, by Redis' clock. RFC 3339 UTC. */
  readonly at: string;
  readonly why: string | undefined;
  /** `begun` for one that was cut off, or still runs. */
  readonly state: "begun" | "done" | "failed";
  readonly endedAt: string | undefined;
  readonly outcome: Outcome;
}

const PAGE = 100;
/** Ends of changes whose beginning was removed, or is none of ours, are forgotten beyond that number. */
const MOST_ENDS = 1000;
/** None of ours is longer. */
const LONGEST_ENTRY = 1024 * 1024;
const LONGEST_TEXT = 1000;

/**
 * Reads what operators changed, the newest first, page by page. What others wrote there is left out.
 *
 * @param since - only changes that began then or later
 */
export async function* recordedChanges(
  config: Config,
  routes: Routes,
  since?: Date,
): AsyncGenerator<RecordedChange, void, undefined> {
  const stream = prefixed(config, AUDIT_STREAM);
  const from = since === undefined ? "-" : `${Math.max(0, Math.floor(since.getTime()))}-0`;
  const ends = new Map<string, Entry>();
  for (let to = "+"; ; ) {
    const range = { from, to, most: PAGE, maxEntryBytes: LONGEST_ENTRY, newestFirst: true };
    const { entries, isMore } = await routes
      .at(stream)
      .ask(`reading ${stream}`, (client) => readPage(client, stream, range));
    for (const entry of entries.map(entryOf)) {
      const { id, state } = entry;
      if (state === "begun") {
        yield changeOf(entry, ends.get(id));
        ends.delete(id);
      } else if (state === "done" || state === "failed") {
        if (ends.size >= MOST_ENDS) ends.clear();
        ends.set(entry.begun, entry);
      }
    }
    const last = entries.at(-1);
    if (last === undefined || !isMore) return;
    to = `(${last.id}`;
  }
}

interface Entry {
  readonly id: string;
  readonly state: string;
  readonly action: string;
  readonly target: string;
  readonly who: string;
  readonly why: string;
  readonly begun: string;
  readonly details: Outcome;
}

function entryOf({ id, fields }: LogEntry): Entry {
  const text = (name: string): string => cut(fieldOf(fields, name) ?? "", LONGEST_TEXT);
  const [state, action, target, who, why, begun] = ["state", "action", "target", "who", "why", "begun"].map(text);
  return { id, state, action, target, who, why, begun, details: objectIn(fieldOf(fields, "details")) } as Entry;
}

function changeOf({ id, action, target, who, why, details }: Entry, end: Entry | undefined): RecordedChange {
  return {
    ...{ id, at: momentOf(id), action, target, who, why: why === "" ? undefined : why, details },
    state: (end?.state ?? "begun") as RecordedChange["state"],
    endedAt: end && momentOf(end.id),
    outcome: end?.details ?? {},
  };
}

function momentOf(id: string): string {
  return new Date(addedAt(id)).toISOString();
}

function objectIn(text: string | undefined): Outcome {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Outcome) : {};
  } catch {
    return {};
  }
}
