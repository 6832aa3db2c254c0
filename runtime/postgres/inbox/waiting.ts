import type { Config } from "../../config/config.js";
import { MessagingError } from "../../errors.js";
import type { MessageContext } from "../../messaging/handler.js";
import { systemClock } from "../../time/clock.js";
import { Deadlines } from "../../time/deadline.js";
import { Pause, type ReportTrouble } from "../../time/pause.js";
import { codesIn } from "../conflict.js";
import { unreached } from "../reached.js";

/** While deliveries wait where they are, no more are read than there are places. */
const LONGEST_WAIT_MS = 10_000;
/** A service that gives handlers no time at its end waits for so long all the same. */
const SHORTEST_WAIT_MS = 1000;
/** The classes of SQLSTATE that say of a value that it cannot be stored, or is too long for an index: here of the message's id. */
const OF_THE_MESSAGE = /^(22|54)...$/;

type Limits = Partial<Pick<Config, "handlerTimeoutMs" | "drainTimeoutMs">>;

/**
 * Has deliveries wait for the database as long as their handlers have not begun: it is away, lends no connection, or is a standby.
 * That is no fault of a message. Time is real also in a test, as the database is.
 */
export class Waiting {
  readonly #limitMs: number;
  readonly #deadlines: Deadlines;
  readonly #report: ReportTrouble;

  /** The wait ends long before a handler is cut off, which counts as its failure. */
  constructor({ handlerTimeoutMs, drainTimeoutMs }: Limits = {}, report: ReportTrouble = () => {}) {
    const drainMs = Math.max(SHORTEST_WAIT_MS, (drainTimeoutMs ?? Number.POSITIVE_INFINITY) / 2);
    this.#limitMs = Math.min(LONGEST_WAIT_MS, (handlerTimeoutMs ?? Number.POSITIVE_INFINITY) / 2, drainMs);
    this.#deadlines = new Deadlines(this.#limitMs, systemClock);
    this.#report = report;
  }

  stop(): void {
    this.#deadlines.stop();
  }

  /**
   * Repeats what leads to the handlers until it has called `begin`, which throws when it is too late for that.
   * @throws {MessagingError} `DATABASE_UNAVAILABLE`: it has not begun in time
   */
  through<Result>(context: MessageContext, work: (begin: () => void) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      let failure: unknown;
      let hasBegun = false;
      let isOver = false;
      const late = (): MessagingError => this.#unavailable(context, failure);
      const run = this.#deadlines.begin(context.entryId, () => {
        isOver = true;
        reject(late());
      });
      const begin = (): void => {
        if (isOver || context.signal.aborted) throw late();
        hasBegun = true;
        this.#deadlines.end(run);
      };
      const repeat = async (failures: number): Promise<Result> => {
        try {
          return await work(begin);
        } catch (error) {
          if (hasBegun || isOver || isOfMessage(error)) throw error;
          failure = error;
          const pause = new Pause(context.signal, systemClock, this.#report);
          const goesOn = await pause.afterFailure(failures, "reaching the database of the inbox", error);
          if (!goesOn || isOver) throw late();
          return repeat(failures + 1);
        }
      };
      repeat(0)
        .then(resolve, reject)
        .finally(() => this.#deadlines.end(run));
    });
  }

  #unavailable({ type, signal }: MessageContext, failure: unknown): MessagingError {
    const until = signal.aborted ? "before the delivery was cut off" : `within ${this.#limitMs} ms`;
    const why = failure ?? new Error(`it did not answer ${until}`);
    const text = `${type} was not begun: ${unreached(why, "inbox")}`;
    return new MessagingError("DATABASE_UNAVAILABLE", text, { retryable: true, cause: failure });
  }
}

/** To wait does not help. */
function isOfMessage(error: unknown): boolean {
  return error instanceof MessagingError || codesIn(error).some((code) => OF_THE_MESSAGE.test(code));
}
