import { ConfigError } from "../../errors.js";
import { type ReplayParts, replayPartsOf } from "../../handle/replayable.js";
import { longestRetryMs } from "../../handle/retry-policy.js";
import type { ExtendedMessaging } from "../../messaging/extension.js";
import type { Transactions } from "../transactions.js";
import { removeNotes } from "./note.js";

const EVERY_MS = 3_600_000;
const BATCH = 1000;

/** How long the notes of one messaging are kept, and their removal afterwards. */
export class Keeping {
  readonly #messaging: ExtendedMessaging;
  readonly #parts: ReplayParts;
  readonly #transactions: Transactions<unknown>;
  readonly #keepMs: number;

  /** @throws {ConfigError} a message may come again after its note has been removed */
  constructor(messaging: ExtendedMessaging, transactions: Transactions<unknown>, keepSeconds: number | undefined) {
    const parts = replayPartsOf(messaging) as ReplayParts;
    this.#messaging = messaging;
    this.#parts = parts;
    this.#transactions = transactions;
    const leastMs = this.#leastMs();
    this.#keepMs = keepSeconds === undefined ? 0 : keepSeconds * 1000;
    if (keepSeconds === undefined || this.#keepMs >= leastMs) return;
    const { deadLetterTtlMs, messageTtlMs } = parts.config;
    throw new ConfigError([
      `keepSeconds of the inbox must be at least ${Math.ceil(leastMs / 1000)}, got ${keepSeconds}: a message may come again for so ` +
        `long (MESSAGE_TTL ${messageTtlMs / 1000} + DEAD_LETTER_TTL ${deadLetterTtlMs / 1000} + its retries). Leave it out, or lower these`,
    ]);
  }

  /** @returns what ends it */
  begin(): () => void {
    const { clock, hooks } = this.#parts;
    let isOver = false;
    const timer = clock.every(EVERY_MS, () => {
      this.remove().catch((error: unknown) => isOver || hooks.trouble("removing old notes of the inbox", error));
    });
    return () => {
      isOver = true;
      timer.cancel();
    };
  }

  /**
   * Removes the notes of which no message can come again. None of a message that is pending: its note is younger than the
   * oldest of these. While that is not known, nothing is removed.
   */
  async remove(): Promise<number> {
    const { status, details } = await this.#messaging.health();
    if (status !== "healthy") return 0;
    const waiting = Object.values(details.streams).map((stream) => stream.oldest_pending_seconds * 1000 + EVERY_MS);
    const olderThanMs = Math.max(this.#keepMs, this.#leastMs(), ...waiting);
    const { group } = this.#parts.config;
    let removed = 0;
    for (let some = BATCH; some === BATCH; removed += some) {
      some = await this.#transactions.transaction((tx) =>
        removeNotes(this.#transactions.queryable(tx), group, { olderThanMs, most: BATCH }),
      );
    }
    return removed;
  }

  /** How long after it was handled a message may come again: repeated by its publisher, retried, or redriven. */
  #leastMs(): number {
    const { config, routes } = this.#parts;
    const { messageTtlMs, deadLetterTtlMs, handlerTimeoutMs, maxRetries, retryDelayMs } = config;
    const policies = routes().flatMap(({ byType }) => [...byType.values()].flat().map(({ options }) => options));
    const longest = [{}, ...policies].map(({ maxRetries: most = maxRetries, retryDelaySeconds }) => {
      const delayMs = retryDelaySeconds === undefined ? retryDelayMs : retryDelaySeconds * 1000;
      return longestRetryMs({ maxRetries: most, delayMs }) + (1 + most) * handlerTimeoutMs;
    });
    return messageTtlMs + deadLetterTtlMs + Math.max(...longest);
  }
}
