import { partitionProblems } from "../../broker/partition-control.js";
import { unknownOptions } from "../../config/suggest.js";
import { ConfigError } from "../../errors.js";

/** Options of a broker of tests. */
export interface TestBrokerOptions {
  /** The moment at which its time begins. @defaultValue the present */
  readonly startsAt?: Date | string | number;
  /**
   * A whole number that chooses the jitter of retries, looks and trims. With the same seed and `startsAt` a run is the same
   * again but for message ids. A failure tells it. @defaultValue 1
   */
  readonly seed?: number;
  /** Milliseconds of real time without any sign of a handler that runs, after which `settled()` rejects. @defaultValue 5000 */
  readonly realTimeLimitMs?: number;
  /**
   * Milliseconds of real time without any sign of a handler that runs, after which `advance()` has time pass without it.
   * @defaultValue 250
   */
  readonly patienceMs?: number;
  /** How many messages one `settled()` or `advance()` lets be handled before it rejects. @defaultValue 10000 */
  readonly maxHandled?: number;
  /**
   * How many partitions streams have, by their names, from the beginning: `{ events: 4 }`. `partitions.set()` of a messaging
   * changes them later. @defaultValue none
   */
  readonly partitions?: Readonly<Record<string, number>>;
}

const OPTIONS: { readonly [Name in keyof TestBrokerOptions]-?: true } = {
  startsAt: true,
  seed: true,
  realTimeLimitMs: true,
  patienceMs: true,
  maxHandled: true,
  partitions: true,
};

type BrokerSettings = Required<TestBrokerOptions> & { readonly startsAt: number };

/** @throws {ConfigError} naming every bad option */
export function readOptions(options: TestBrokerOptions): BrokerSettings {
  const { startsAt = Date.now(), seed = 1, realTimeLimitMs = 5000, patienceMs = 250, maxHandled = 10_000 } = options;
  const { partitions = {} } = options;
  const startsAtMs = new Date(startsAt).getTime();
  const problems = [
    ...unknownOptions(options, Object.keys(OPTIONS)),
    ...(Number.isNaN(startsAtMs) ? [`startsAt must be a date, got ${JSON.stringify(startsAt)}`] : []),
    ...(Number.isSafeInteger(seed) ? [] : [`seed must be a whole number, got ${seed}`]),
    ...(realTimeLimitMs > 0 ? [] : [`realTimeLimitMs must be greater than 0, got ${realTimeLimitMs}`]),
    ...(patienceMs > 0 ? [] : [`patienceMs must be greater than 0, got ${patienceMs}`]),
    ...(maxHandled > 0 ? [] : [`maxHandled must be greater than 0, got ${maxHandled}`]),
    ...Object.entries(partitions).flatMap(([stream, count]) => partitionProblems(stream, count)),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return { startsAt: startsAtMs, seed, realTimeLimitMs, patienceMs, maxHandled, partitions };
}
