import type { Config } from "../config/config.js";
import { unknownOptions } from "../config/suggest.js";
import { ConfigError } from "../errors.js";
import { type Database, isPool } from "./database.js";

/** Options of a relay. */
export interface RelayOptions {
  /** The batches that this process publishes at once, each over a connection of the pool, 16 at most. @defaultValue 2 */
  readonly concurrency?: number;
  /** The most messages of one batch, 10,000 at most. @defaultValue 1000 */
  readonly batchSize?: number;
  /** Seconds between two looks while nothing wakes the relay. @defaultValue 1 */
  readonly pollSeconds?: number;
  /**
   * Seconds for which messages are kept after they were published, for `merp outbox republish`. `MESSAGE_TTL` at most, for so long
   * Redis knows what it has stored. 0 keeps none. @defaultValue `MESSAGE_TTL`
   */
  readonly keepSentSeconds?: number;
  /**
   * Seconds after which PostgreSQL ends the transaction of a relay that stands still in the middle of a batch, so that others go on.
   * @defaultValue 60
   */
  readonly holdSeconds?: number;
  /**
   * Wake at a commit, by `LISTEN`, over one more connection of the pool. Not behind a pooler that lends a connection for a
   * transaction, such as PgBouncer. @defaultValue true for a pool
   */
  readonly listen?: boolean;
}

/** The options in effect. */
export interface RelaySettings {
  readonly concurrency: number;
  readonly batchSize: number;
  readonly pollMs: number;
  readonly keepSentMs: number;
  readonly holdMs: number;
  readonly listen: boolean;
}

const OPTIONS: { readonly [Name in keyof RelayOptions]-?: true } = {
  concurrency: true,
  batchSize: true,
  pollSeconds: true,
  keepSentSeconds: true,
  holdSeconds: true,
  listen: true,
};

/** @throws {ConfigError} naming every bad option */
export function readRelayOptions(options: RelayOptions, database: Database, config: Config): RelaySettings {
  const problems = [...unknownOptions(options, Object.keys(OPTIONS))];
  const number = (name: string, given: number | undefined, bounds: Bounds): number => {
    const { least, most, otherwise, isWhole = true } = bounds;
    const value = given ?? otherwise;
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
    problems.push(`${name} must be a${isWhole ? " whole" : ""} number from ${least} to ${most}, got ${String(given)}`);
    return otherwise;
  };
  const ttlSeconds = config.messageTtlMs / 1000;
  const { concurrency, batchSize, pollSeconds, keepSentSeconds, holdSeconds, listen = isPool(database) } = options;
  const settings: RelaySettings = {
    concurrency: isPool(database) ? number("concurrency", concurrency, { least: 1, most: 16, otherwise: 2 }) : 1,
    batchSize: number("batchSize", batchSize, { least: 1, most: 10_000, otherwise: 1000 }),
    pollMs: 1000 * number("pollSeconds", pollSeconds, { least: 0.01, most: 3600, otherwise: 1, isWhole: false }),
    keepSentMs:
      1000 *
      number("keepSentSeconds", keepSentSeconds, { least: 0, most: ttlSeconds, otherwise: ttlSeconds, isWhole: false }),
    holdMs: 1000 * number("holdSeconds", holdSeconds, { least: 1, most: 3600, otherwise: 60, isWhole: false }),
    listen: listen && isPool(database),
  };
  const needed = settings.concurrency + Number(settings.listen);
  const most = mostConnections(database);
  if (needed > most) {
    problems.push(
      `the pool lends ${most} connections at most, and the relay needs ${needed}: give it a pool of its own, or a greater max, or a lower concurrency`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return settings;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
  readonly isWhole?: boolean;
}

/** As `pg.Pool` has it. */
function mostConnections(database: Database): number {
  const { options } = database as { readonly options?: { readonly max?: unknown } };
  return typeof options?.max === "number" ? options.max : Number.POSITIVE_INFINITY;
}
