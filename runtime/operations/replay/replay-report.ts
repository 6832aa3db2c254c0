import { printable } from "../../contract/printable.js";
import { MessagingError } from "../../errors.js";
import type { Replaying } from "../../messaging/replaying.js";

/** How far a replay has come. */
export interface ReplayProgress {
  readonly handled: number;
  /** Those without a handler, and those that were filtered out. */
  readonly skipped: number;
  readonly failed: number;
  /** The last message that was settled: an entry's id, or a line of a file. */
  readonly position: string | undefined;
  /** How much of it is done, from 0 to 1; `undefined` where that is not known. */
  readonly share?: number | undefined;
}

/** A message that could not be handled again. */
export interface ReplayFailure {
  readonly stream: string;
  readonly entryId: string;
  readonly position: string;
  readonly type: string | undefined;
  readonly error: unknown;
}

/** What a replay has done. */
export interface ReplayReport extends Omit<ReplayProgress, "share"> {
  /** `stopped` by its signal; `failed` at a message, without `keepGoing`. */
  readonly end: "completed" | "stopped" | "failed";
  /** How many messages of each type were handled, or would be. */
  readonly byType: Readonly<Record<string, number>>;
  /** The first failures. */
  readonly failures: readonly ReplayFailure[];
  /** How many messages handlers would have published. */
  readonly suppressed: number;
}

/** So many failures are listed. */
const MOST_FAILURES = 1000;

/** Messages could not be handled again. `report` says which, and how far the replay came. */
export class ReplayError extends MessagingError {
  override readonly name = "ReplayError";
  readonly report: ReplayReport;

  constructor(report: ReplayReport, cause: unknown) {
    const [first] = report.failures;
    const what = `${first?.type ?? "an entry"} ${first?.entryId} of ${first?.stream}`;
    const why = cause instanceof Error ? cause.message : String(cause);
    const others = report.failed > 1 ? `, and ${report.failed - 1} more` : "";
    super("REPLAY_FAILED", printable(`the replay of ${what} failed: ${why}${others}`), { cause });
    this.report = report;
  }
}

/** Counts what becomes of messages. */
export class Tally {
  position: string | undefined;
  failed = 0;
  #handled = 0;
  #skipped = 0;
  readonly #byType = new Map<string, number>();
  readonly #failures: ReplayFailure[] = [];

  skipped(): undefined {
    this.#skipped++;
  }

  handledOf(type: string): undefined {
    this.#handled++;
    this.#byType.set(type, (this.#byType.get(type) ?? 0) + 1);
  }

  failedWith(failure: ReplayFailure): ReplayFailure {
    this.failed++;
    if (this.#failures.length < MOST_FAILURES) this.#failures.push(failure);
    return failure;
  }

  progress(share: number | undefined): ReplayProgress {
    return { handled: this.#handled, skipped: this.#skipped, failed: this.failed, position: this.position, share };
  }

  report(end: ReplayReport["end"], { suppressed }: Replaying): ReplayReport {
    const { share: _, ...progress } = this.progress(undefined);
    return { ...progress, end, byType: Object.fromEntries(this.#byType), failures: this.#failures, suppressed };
  }
}
