import { MessagingError } from "../../errors.js";
import type { Activity } from "./activity.js";
import type { Run } from "./run.js";
import { waitText } from "./wait.js";

/** Handlers and publishes that have not ended, and have done nothing for longer than the real-time limit of the broker. */
export class UnsettledError extends MessagingError {
  override readonly name = "UnsettledError";
  /** A line for each of them, and for each handler that waits for time to pass. */
  readonly running: readonly string[];
  constructor({ busy, running }: Activity, limitMs: number, seed: number) {
    const lines = [...new Set([...busy, ...running])].map(waitText);
    const advice = "have what it waits for come, have time pass with time.advance(), or raise realTimeLimitMs";
    const text = `nothing has happened for ${limitMs} ms, and not all has ended:\n${lines.map((line) => `- ${line}`).join("\n")}`;
    super("TEST_UNSETTLED", `${text}\nWhere it should end: ${advice} (seed ${seed}).`);
    this.running = lines;
  }
}

/** Messages cause each other without end. The broker delivers nothing any more. */
export class EndlessError extends MessagingError {
  override readonly name = "EndlessError";
  /** The types of the newest messages, each caused by the one before it. */
  readonly chain: readonly string[];
  constructor(newest: Run | undefined, most: number, seed: number) {
    const chain = chainOf(newest);
    const text = `more than ${most} messages were handled without an end in sight: ${chain.join(" → ")}`;
    super("TEST_ENDLESS", `${text}: have a handler stop the chain, or raise maxHandled (seed ${seed})`);
    this.chain = chain;
  }
}

const LONGEST_CHAIN = 8;

function chainOf(run: Run | undefined): readonly string[] {
  const chain: string[] = [];
  for (let each = run; each !== undefined && chain.length < LONGEST_CHAIN; each = each.cause) chain.unshift(each.type);
  return chain;
}
