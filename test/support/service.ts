import { createMessaging, type Logger, type Messaging, type MessagingOptions } from "../../generated/index.js";

/** A logger that keeps what it is told. */
export interface LogBook extends Logger {
  readonly lines: readonly {
    readonly level: "info" | "warn" | "error";
    readonly text: string;
    readonly details: object;
  }[];
  /** All that was written, errors with their texts and stacks, as one would find it in a file. */
  readonly text: string;
}

export function logBook(): LogBook {
  const lines: LogBook["lines"][number][] = [];
  return {
    lines,
    info: (details, text) => void lines.push({ level: "info", text, details }),
    warn: (details, text) => void lines.push({ level: "warn", text, details }),
    error: (details, text) => void lines.push({ level: "error", text, details }),
    get text() {
      return lines.map(({ text, details }) => `${text} ${printed(details)}`).join("\n");
    },
  };
}

function printed(details: object): string {
  return JSON.stringify(details, (_key, value: unknown) => (value instanceof Error ? `${value.stack}` : value));
}

/** Where a test's service finds its Redis. */
export interface Place {
  /** @defaultValue what the options and their environment say */
  readonly url?: string;
}

/**
 * A service of the M-ERP catalogue on a test's Redis. Nothing of this machine's environment reaches it, it reads
 * with short blocks, and what it has to say goes to nobody unless a logger is given.
 */
export function createService(place: Place, options: MessagingOptions = {}): Messaging {
  return createMessaging({
    service: "test-service",
    blockTimeMs: 50,
    env: {},
    logger: logBook(),
    ...options,
    redis: { ...(place.url === undefined ? {} : { url: place.url }), ...options.redis },
  }) as Messaging;
}
