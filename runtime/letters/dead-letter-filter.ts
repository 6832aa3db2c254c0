import { addedAt } from "../broker/entry-id.js";
import type { DeadLetterState } from "./dead-letter-state.js";
import type { DeadLetterSummary } from "./dead-letter-summary.js";

/** Selects dead letters. A filter that is left out matches every one. */
export interface DeadLetterFilter {
  readonly group?: string | undefined;
  readonly type?: string | undefined;
  /** The code or the name of its last error: `ECONNREFUSED`. */
  readonly reason?: string | undefined;
  /** The id of its cause, as `causes()` tells it. */
  readonly cause?: string | undefined;
  /** The id of its message, or of the entry that died. */
  readonly of?: string | undefined;
  /** Those that died then or later, by the broker's clock. */
  readonly since?: Date | undefined;
  /** Those that died before. */
  readonly until?: Date | undefined;
  /** The company that its message names. Each letter that matches otherwise is read whole for it. */
  readonly company?: number | string | undefined;
  /** @defaultValue "open" */
  readonly state?: DeadLetterState["state"] | "any" | undefined;
}

/** Whether a letter matches, but for the company of its message. */
export function matches(
  letter: Pick<DeadLetterSummary, "id" | "group" | "type" | "reason" | "cause" | "messageId" | "entryId" | "state">,
  { group, type, reason, cause, of, since, until, state = "open" }: DeadLetterFilter,
): boolean {
  const died = addedAt(letter.id);
  return (
    (group === undefined || letter.group === group) &&
    (type === undefined || letter.type === type) &&
    (reason === undefined || letter.reason === reason) &&
    (cause === undefined || letter.cause === cause) &&
    (of === undefined || letter.messageId === of || letter.entryId === of) &&
    (since === undefined || died >= since.getTime()) &&
    (until === undefined || died < until.getTime()) &&
    (state === "any" || letter.state.state === state)
  );
}
