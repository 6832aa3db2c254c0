import type { Letters, Whereabouts } from "../broker/letters.js";
import type { DeadLetterSummary } from "./dead-letter-summary.js";
import { summariesOf } from "./letter-reading.js";
import { found } from "./letter-settler.js";

/** All letters of one message in one group. */
export interface DeadLetterHistory {
  /** The oldest first. */
  readonly letters: readonly DeadLetterSummary[];
  /** Where the message is, if the last letter was redriven. `settled` then means that it was handled. */
  readonly whereabouts: Whereabouts | undefined;
}

/** Reads the letters of the message of one of them, in the same group. */
export async function historyOf(letters: Letters, id: string): Promise<DeadLetterHistory> {
  const { messageId, entryId, group } = found(letters, id, await letters.find(id));
  const own: DeadLetterSummary[] = [];
  for await (const each of summariesOf(letters, { of: messageId ?? entryId, group, state: "any" })) own.push(each);
  const last = own.at(-1)?.state;
  const whereabouts = last?.state === "redriven" ? await letters.whereabouts(group, last.entryId) : undefined;
  return { letters: own, whereabouts };
}
