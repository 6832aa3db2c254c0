import { printable } from "../contract/printable.js";
import type { Clock } from "../time/clock.js";
import type { Hooks } from "./hooks.js";
import { shown } from "./shown.js";
import { ownFrames } from "./stack.js";

/** The logger of a messaging. A pino logger fits as it is: an error is in `err`, where it looks for one. */
export interface Logger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

/** Writes warnings and errors to standard error, one line each. An error has the frames of its stack that are its own. */
export const consoleLogger: Logger = {
  info() {},
  warn: (details, text) => print("warning", details, text),
  error: (details, text) => print("error", details, text),
};

function print(level: string, details: object, text: string): void {
  const { err } = details as { readonly err?: unknown };
  const at = err instanceof Error ? ownFrames(err) : [];
  const told = Object.entries(at.length > 0 ? { ...details, at } : details).filter(([, value]) => value !== undefined);
  const json = told.map(([name, value]) => `${JSON.stringify(name)}:${shown(value)}`).join(",");
  console.error(printable(`[messaging] ${level}: ${text} {${json}}`));
}

const QUIET_MS = 30_000;
const MOST_KNOWN = 100;

/** The hooks that write an operator's log. The same trouble is logged once in half a minute. */
export function loggingHooks(logger: Logger, service: string, clock: Clock): Hooks {
  const loggedAt = new Map<string, number>();
  return {
    connected: ({ role, again }) => {
      if (again) logger.warn({ service, role }, "connected to Redis again");
      else logger.info({ service, role }, "connected to Redis");
    },
    disconnected: ({ role, error: err }) =>
      logger.warn({ service, role, err }, "lost the connection to Redis; reconnecting"),
    publishFailed: ({ type, error, reported }) => {
      // Otherwise the caller has the error.
      if (reported) logger.error({ service, type, err: error }, "a message was not published");
    },
    handlerFailed: ({ type, stream, entryId, attempt, error }) =>
      logger.warn({ service, type, stream, entryId, attempt, err: error }, "a handler failed"),
    retried: ({ type, stream, entryId, attempt, delayMs }) => {
      const nextAttemptAt = new Date(clock.wall() + delayMs).toISOString();
      logger.warn({ service, type, stream, entryId, attempt, nextAttemptAt }, "it is tried again");
    },
    deadLettered: ({ type, stream, entryId, attempt, error }) =>
      logger.error({ service, type, stream, entryId, attempt, err: error }, "an entry was moved to the dead letters"),
    groupUnserved: ({ stream, group, silentMs, policy, expired }) => {
      const what = expired ? "was destroyed" : policy === "keep" ? "keeps it growing" : "may have publishes refused";
      logger.warn({ service, stream, group, silentMs, policy }, `a group that nobody serves ${what}`);
    },
    entriesMissed: (info) =>
      logger.error({ service, ...info }, "entries were removed by others before this group read them"),
    deadLettersRemoved: (info) =>
      logger.error({ service, ...info }, "open dead letters were removed: they were too old, or too many"),
    evictionPossible: (info) =>
      logger.warn({ service, ...info }, "Redis may evict streams and groups: set maxmemory-policy noeviction"),
    recovered: (info) => logger.warn({ service, ...info }, "took over the entries of a consumer that died"),
    overtaken: (info) =>
      logger.warn({ service, ...info }, "others took entries that are handled here: they may be handled twice at once"),
    groupCreated: (info) => logger.info({ service, ...info }, "created the consumer group"),
    trouble: ({ what, error }) => {
      const key = `${what}: ${shown(error)}`;
      const now = clock.now();
      if (now - (loggedAt.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
      for (const [other, at] of loggedAt) if (now - at >= QUIET_MS) loggedAt.delete(other);
      // A flood of different ones, as junk from outside makes it: all are counted, and that is told by the count.
      if (loggedAt.size >= MOST_KNOWN) return;
      loggedAt.set(key, now);
      logger.warn({ service, err: error }, `${what} failed; trying again`);
    },
  };
}
