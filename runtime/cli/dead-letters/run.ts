import { setTimeout as sleep } from "node:timers/promises";
import { MessagingError } from "../../errors.js";
import type { SettledLetter } from "../../operations/index.js";

/** What became of one letter. */
export interface RunStep extends Pick<SettledLetter, "state" | "error"> {
  readonly letter: { readonly id: string };
}

/** What became of a run over many letters, and of how many. */
export interface RunReport {
  readonly done: number;
  /** Others settled them meanwhile. */
  readonly already: number;
  /** They could not be settled, for these reasons. */
  readonly left: readonly { readonly id: string; readonly error: MessagingError }[];
  readonly leftCount: number;
  /** Why it stopped before the end. */
  readonly stopped: "interrupted" | "limit" | MessagingError | undefined;
}

export interface RunOptions {
  /** Of how many, for the progress. */
  readonly total: number;
  readonly verb: "redriven" | "discarded";
  /** How many at most. */
  readonly limit?: number | undefined;
  /** How many a second at most. */
  readonly rate?: number | undefined;
  /** Ends the run after the present letter. */
  readonly signal: AbortSignal;
}

const MOST_TOLD = 5;
const EVERY_MS = 100;

/** Settles letters one after the other until they end, the limit is reached, or it is interrupted. */
export async function runOver(
  letters: AsyncIterable<RunStep>,
  { total, verb, limit = Number.POSITIVE_INFINITY, rate, signal }: RunOptions,
): Promise<RunReport> {
  const progress = new Progress(total, verb);
  const left: RunReport["left"][number][] = [];
  let [done, already, leftCount] = [0, 0, 0];
  let stopped: RunReport["stopped"];
  try {
    for await (const { letter, state, error } of letters) {
      if (error !== undefined) leftCount = leftCount + 1;
      if (error !== undefined && left.length < MOST_TOLD) left.push({ id: letter.id, error });
      if (error === undefined && state.state === verb) done++;
      else if (error === undefined) already++;
      progress.show(done);
      if (signal.aborted) stopped = "interrupted";
      else if (done >= limit) stopped = "limit";
      if (stopped !== undefined) break;
      if (rate !== undefined) await paused(1000 / rate, signal);
      if (signal.aborted) stopped = "interrupted";
      if (stopped !== undefined) break;
    }
  } catch (error) {
    if (!(error instanceof MessagingError)) throw error;
    stopped = error;
  } finally {
    progress.end();
  }
  return { done, already, left, leftCount, stopped };
}

/** Runs what Ctrl-C stops after its present step. The second one ends the process. */
export async function interruptible<Result>(run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const stop = (): void => {
    process.stderr.write("\nstopping after the present letter; Ctrl-C again ends at once\n");
    controller.abort();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await run(controller.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** How far a run is, in a line of a terminal. A pipe gets none. */
export class Progress {
  readonly #total: number;
  readonly #verb: string;
  readonly #isShown = process.stderr.isTTY === true;
  #shownAt = 0;

  constructor(total: number, verb: string) {
    this.#total = total;
    this.#verb = verb;
  }

  show(count: number): void {
    const now = Date.now();
    if (!this.#isShown || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    process.stderr.write(`\r\x1b[2K${count} of ${this.#total} ${this.#verb}`);
  }

  end(): void {
    if (this.#isShown && this.#shownAt > 0) process.stderr.write("\r\x1b[2K");
  }
}

async function paused(ms: number, signal: AbortSignal): Promise<void> {
  // The signal ends the pause, and the run is told so by it.
  await sleep(ms, undefined, { signal }).catch(() => {});
}
