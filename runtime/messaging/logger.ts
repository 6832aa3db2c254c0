import type { Hooks } from "./hooks.js";

/** What a messaging logs through: pino and its kin fit as they are. */
export interface Logger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

/** One line a message on standard error, for services that bring no logger. Routine is left out. */
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

/** The hooks that write what an operator must see. A trouble that goes on is said once in half a minute. */
export function loggingHooks(logger: Logger, service: string): Hooks {
  const saidAt = new Map<string, number>();
  return {
    connected: ({ role, again }) => {
      if (again) logger.warn({ service, role }, "connected to Redis again");
      else logger.info({ service, role }, "connected to Redis");
    },
    disconnected: ({ role, error }) => {
      logger.warn({ service, role, error }, "lost the connection to Redis; connecting anew");
    },
    publishFailed: ({ type, error }) => {
      logger.error({ service, type, error }, "a message was not published");
    },
    handlerFailed: ({ type, entryId, stream, attempt, error }) => {
      logger.warn({ service, type, stream, entryId, attempt, error }, "a handler failed");
    },
    deadLettered: ({ type, entryId, stream, attempt, error }) => {
      logger.error({ service, type, stream, entryId, attempt, error }, "an entry went to the dead letters");
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
      logger.warn({ service, stream, group, from, count }, "took over from a consumer that died");
    },
    groupCreated: ({ stream, group, from }) => {
      logger.info({ service, stream, group, from }, "created the consumer group");
    },
    trouble: ({ what, error }) => {
      const key = `${what}: ${error instanceof Error ? error.message : String(error)}`;
      const now = performance.now();
      if (now - (saidAt.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
      if (saidAt.size >= MOST_SAID) saidAt.clear();
      saidAt.set(key, now);
      logger.warn({ service, error }, `trouble while ${what}; trying again`);
    },
  };
}
