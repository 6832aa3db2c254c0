import { MessagingError } from "../../errors.js";
import type { Run } from "./activity.js";

/** Handlers that run and have done nothing for longer than the real-time limit of the broker. */
export class UnsettledError extends MessagingError {
  override readonly name = "UnsettledError";
  /** A line for each of them. */
  readonly running: readonly string[];
  constructor(runs: readonly Run[], limitMs: number) {
    const running = runs.map(described);
    const advice = "await what they wait for, have time pass with time.advance(), or raise realTimeLimitMs";
    super("TEST_UNSETTLED", `these handlers have done nothing for ${limitMs} ms: ${running.join("; ")}: ${advice}`);
    this.running = running;
  }
}

/** Messages cause each other without end. The broker delivers nothing any more. */
export class EndlessError extends MessagingError {
  override readonly name = "EndlessError";
  /** The types of the newest messages, each caused by the one before it. */
  readonly chain: readonly string[];
  constructor(newest: Run | undefined, most: number) {
    const chain = chainOf(newest);
    const text = `more than ${most} messages were handled without an end in sight: ${chain.join(" → ")}`;
    super("TEST_ENDLESS", `${text}: have a handler stop the chain, or raise maxHandled`);
    this.chain = chain;
  }
}

const LONGEST_CHAIN = 8;

function chainOf(run: Run | undefined): readonly string[] {
  const chain: string[] = [];
  for (let each = run; each !== undefined && chain.length < LONGEST_CHAIN; each = each.cause) chain.unshift(each.type);
  return chain;
}

function described({ place: { service }, type, entryId, attempt }: Run): string {
  return `${service} handles ${type}${entryId === "" ? "" : ` (${entryId}, attempt ${attempt})`}`;
}
