import type { Clock } from "../time/clock.js";
import type { Hooks } from "./hooks.js";

/** The logger of a messaging. A pino logger fits as it is. */
export interface Logger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

/** Writes warnings and errors to standard error, one line each, for services without a logger of their own. */
export const consoleLogger: Logger = {
  info() {},
  warn(details, text) {
    console.error(`[messaging] warning: ${text}`, printable(details));
  },
  error(details, text) {
    console.error(`[messaging] error: ${text}`, printable(details));
  },
};

function printable(details: object): string {
  return JSON.stringify(details, (_key, value: unknown) =>
    value instanceof Error ? `${value.name}: ${value.message}` : value,
  );
}

const QUIET_MS = 30_000;
const MOST_SAID = 100;

/** The hooks that log what an operator must see. Trouble that goes on is logged once in half a minute. */
export function loggingHooks(logger: Logger, service: string, clock: Clock): Hooks {
  const saidAt = new Map<string, number>();
  return {
    connected: ({ role, again }) => {
      if (again) logger.warn({ service, role }, "connected to Redis again");
      else logger.info({ service, role }, "connected to Redis");
    },
    disconnected: ({ role, error }) => {
      logger.warn({ service, role, error }, "lost the connection to Redis; reconnecting");
    },
    publishFailed: ({ type, error, reported }) => {
      // Otherwise the caller has the error.
      if (reported) logger.error({ service, type, error }, "a message was not published");
    },
    handlerFailed: ({ type, entryId, stream, attempt, error }) => {
      logger.warn({ service, type, stream, entryId, attempt, error }, "a handler failed");
    },
    deadLettered: ({ type, entryId, stream, attempt, error }) => {
      logger.error({ service, type, stream, entryId, attempt, error }, "an entry was moved to the dead letters");
    },
    groupUnserved: ({ stream, group, silentMs, policy, expired }) => {
      const what = expired ? "was destroyed" : policy === "keep" ? "keeps it growing" : "may have publishes refused";
      logger.warn({ service, stream, group, silentMs, policy }, `a group that nobody serves ${what}`);
    },
    entriesMissed: ({ stream, group, count }) => {
      logger.error({ service, stream, group, count }, "entries were removed by others before this group read them");
    },
    evictionPossible: ({ policy }) => {
      logger.warn({ service, policy }, "Redis may evict streams and groups: set maxmemory-policy noeviction");
    },
    recovered: ({ stream, group, from, count }) => {
      logger.warn({ service, stream, group, from, count }, "took over the entries of a consumer that died");
    },
    groupCreated: ({ stream, group, from }) => {
      logger.info({ service, stream, group, from }, "created the consumer group");
    },
    trouble: ({ what, error }) => {
      const key = `${what}: ${error instanceof Error ? error.message : String(error)}`;
      const now = clock.now();
      if (now - (saidAt.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
      if (saidAt.size >= MOST_SAID) saidAt.clear();
      saidAt.set(key, now);
      logger.warn({ service, error }, `${what} failed; trying again`);
    },
  };
}
