import { type FlatFields, textReader, typeOf } from "../../contract/codec.js";
import type { Hooks } from "../../messaging/hooks.js";
import type { Place as Process, Run } from "./run.js";

/** What became of a message in one service. */
export interface Outcome {
  readonly service: string;
  readonly kind: "handled" | "failed" | "dead" | "redriven" | "unhandled" | "filtered" | "expired";
  /** `undefined` for what was not handled. */
  readonly attempt: number | undefined;
  readonly error?: unknown;
}

/** A message that was added to a stream of a test's broker. */
export interface ChronicleEntry {
  readonly stream: string;
  readonly entryId: string;
  readonly fields: FlatFields;
  /** `undefined` where the wire has none (health). */
  readonly type: string | undefined;
  /** The message whose handler published it; `undefined` for the test itself, and for listeners. */
  readonly cause: ChronicleEntry | undefined;
  readonly outcomes: Outcome[];
}

interface Place {
  readonly stream: string;
  readonly entryId: string;
}

interface Added extends Place {
  readonly fields: FlatFields;
  /** It is a copy, for a member that handles its type. */
  readonly isHandedOn: boolean;
}

/** The whole name of the stream in which a message is, whatever partitions that has. */
export function streamOf({ stream }: Pick<Place, "stream">): string {
  return stream.replace(/:[1-9]\d{0,4}$/, "");
}

/** All messages of a test and what became of them, in the order of time. */
export class Chronicle {
  readonly #entries = new Map<string, ChronicleEntry>();
  /** By the places of the entries that were redriven or handed on: hooks tell them as places in the original stream. */
  readonly #redriven = new Map<string, ChronicleEntry>();

  get entries(): readonly ChronicleEntry[] {
    return [...this.#entries.values()];
  }

  /** @param run - the handler in which it was published */
  added({ stream, entryId, fields, isHandedOn }: Added, run: Run | undefined): void {
    const type = typeOf(fields) || undefined;
    const [, original, group = ""] = /^\{(.+)\}:redrive:(.+)$/u.exec(stream) ?? [];
    if (original !== undefined) {
      const id = textReader(fields)("id");
      // What is handed on was in any of the partitions.
      const isThere = (one: Place): boolean => one.stream === original || (isHandedOn && streamOf(one) === original);
      const entry = this.entries.findLast((one) => isThere(one) && textReader(one.fields)("id") === id);
      if (entry === undefined) return;
      if (!isHandedOn) entry.outcomes.push({ service: group, kind: "redriven", attempt: undefined });
      this.#redriven.set(`${original} ${entryId}`, entry);
      return;
    }
    const cause = run?.context && this.#entryAt(run.context, run.place.service);
    const entry: ChronicleEntry = { stream, entryId, fields, type, cause, outcomes: [] };
    this.#entries.set(`${stream} ${entryId}`, entry);
  }

  /** The hooks of a service that tell what becomes of messages. Those of the test are called as well. */
  hooksFor(process: Pick<Process, "service">, own: Hooks = {}): Hooks {
    const note = (place: Place, outcome: Omit<Outcome, "service">): void => {
      const { service } = process;
      this.#entryAt(place, service)?.outcomes.push({ service, ...outcome });
    };
    return {
      ...own,
      handled: (info) => {
        note(info, { kind: "handled", attempt: info.attempt });
        return own.handled?.(info);
      },
      handlerFailed: (info) => {
        note(info, { kind: "failed", attempt: info.attempt, error: info.error });
        return own.handlerFailed?.(info);
      },
      deadLettered: (info) => {
        note(info, { kind: "dead", attempt: info.attempt, error: info.error });
        return own.deadLettered?.(info);
      },
      skipped: (info) => {
        note(info, { kind: info.reason, attempt: undefined });
        return own.skipped?.(info);
      },
      commandExpired: (info) => {
        note(info, { kind: "expired", attempt: undefined });
        return own.commandExpired?.(info);
      },
    };
  }

  /** A redriven entry may have the id of another entry. That is settled by the time the other is handled. */
  #entryAt({ stream, entryId }: Place, service: string): ChronicleEntry | undefined {
    const place = `${stream} ${entryId}`;
    const [entry, redriven] = [this.#entries.get(place), this.#redriven.get(place)];
    const isSettled = entry?.outcomes.some((one) => one.service === service && one.kind !== "failed") ?? true;
    return isSettled ? (redriven ?? entry) : entry;
  }
}
