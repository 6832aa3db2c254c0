import type { DeadLetterRecord } from "./dead-letter-record.js";
import type { DeadLetterState } from "./dead-letter-state.js";

/** Selects dead letters. A filter that is left out matches every one. */
export interface DeadLetterFilter {
  readonly group?: string;
  readonly type?: string;
  /** The code or the name of its last error: `ECONNREFUSED`. */
  readonly reason?: string;
  /** @defaultValue "open" */
  readonly state?: DeadLetterState["state"] | "any";
}

export function matches(
  letter: DeadLetterRecord & { readonly state: DeadLetterState },
  { group, type, reason, state = "open" }: DeadLetterFilter,
): boolean {
  return (
    (group === undefined || letter.group === group) &&
    (type === undefined || letter.type === type) &&
    (reason === undefined || letter.reason === reason) &&
    (state === "any" || letter.state.state === state)
  );
}
