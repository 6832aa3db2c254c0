import { idState } from "../../broker/id-state.js";
import type { LogEntry } from "../../broker/log.js";
import { streamKeys } from "../../redis/keys.js";
import { type LettersLook, lettersLook, type StreamLook, streamLook } from "../../redis/lua/look.js";
import { page } from "../../redis/lua/read.js";
import type { Round } from "../../redis/round.js";
import { MOST_REPORT_BYTES } from "../health/report.js";
import type { StreamLetters } from "./status.js";

/** Of so many of the newest entries of a stream the types are told. */
const SAMPLED_ENTRIES = 100;
/** Of a longer one only the short fields are read. */
const SAMPLED_BYTES = 4096;
/** So many of the newest reports of health are read. */
const SAMPLED_REPORTS = 200;
const PAGE_BYTES = 8 * 1024 * 1024;
const MOST_GROUPS = 1000;
const SAMPLED_LETTERS = 100;
const LETTER_BYTES = 4 * 1024 * 1024;
/** Nodes of a stream by which its size is estimated. */
const SAMPLES = 10;

/** What Redis replies to the first questions about a stream. */
export interface StreamReplies {
  readonly name: string;
  readonly keyType: string;
  /** `undefined` where there is no stream, or without the right to scripts. */
  readonly look: StreamLook | undefined;
  readonly length: number;
  readonly bytes: number | undefined;
  readonly groups: readonly (readonly unknown[])[];
  /** The groups that were served lately. They may be gone. */
  readonly served: readonly string[];
  readonly newest: readonly LogEntry[];
  /** `undefined` without the right to scripts. */
  readonly letters: readonly LettersLook[] | undefined;
  readonly dead: StreamLook | undefined;
  readonly lettersInAll: number;
  readonly lettersIndexed: number;
}

/** Asks for the state of a stream. @param isHealth - its newest entries are read whole */
export async function askOfStream(round: Round, name: string, isHealth: boolean): Promise<StreamReplies> {
  const keys = streamKeys(name, "");
  const [most, bytesEach] = isHealth ? [SAMPLED_REPORTS, MOST_REPORT_BYTES] : [SAMPLED_ENTRIES, SAMPLED_BYTES];
  const [keyType, look, length, bytes, groups, served, newest, letters, dead, inAll, indexed] = await Promise.all([
    round.ask<string>("TYPE", name),
    round.run(streamLook, [name], []),
    round.ask<number>("XLEN", name),
    round.ask<number>("MEMORY", "USAGE", name, "SAMPLES", SAMPLES),
    round.ask<unknown[][]>("XINFO", "GROUPS", name),
    round.ask<string[]>("ZRANGE", keys.groups, 0, MOST_GROUPS - 1),
    round.run(page, [name], ["-", "+", most, PAGE_BYTES, bytesEach, "newest"]),
    round.run(lettersLook, [keys.index, keys.dead], [MOST_GROUPS, SAMPLED_LETTERS, LETTER_BYTES]),
    round.run(streamLook, [keys.dead], []),
    round.ask<number>("XLEN", keys.dead),
    round.ask<number>("ZCARD", keys.index),
  ]);
  return {
    name,
    // Without the right to ask, what can be read as a stream is one.
    keyType: keyType ?? (length === undefined || length === 0 ? "none" : "stream"),
    look: look ?? undefined,
    length: length ?? 0,
    bytes: bytes ?? undefined,
    groups: groups ?? [],
    served: served ?? [],
    newest: (newest?.[0] ?? []).map(([id, fields]) => ({ id: String(id), fields: fields.map(String) })),
    letters,
    dead: dead ?? undefined,
    lettersInAll: inAll ?? 0,
    lettersIndexed: indexed ?? 0,
  };
}

/** The dead letters of a stream, of all groups. */
export function lettersOf(replies: StreamReplies, nowMs: number): StreamLetters {
  const { letters, lettersInAll: total, lettersIndexed, dead } = replies;
  const isCounted = total === lettersIndexed;
  return {
    total,
    open: letters === undefined || !isCounted ? null : letters.reduce((sum, [, open]) => sum + open, 0),
    isCounted,
    ids: idState(dead?.[2], nowMs),
  };
}
