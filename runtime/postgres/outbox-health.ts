import type { OutboxHealth } from "../messaging/health.js";
import type { Queryable } from "./database.js";
import { lagOf } from "./outbox-store.js";

/** A relay that works keeps nobody waiting for so long. */
const LATE_SECONDS = 60;

/** How the outbox does, and what an operator should do about it. */
export async function outboxHealth(database: Queryable): Promise<OutboxHealth> {
  const lag = await lagOf(database);
  const advice: string[] = [];
  if (lag.refused > 0) {
    const many =
      lag.refused === 1 ? "1 message of the outbox cannot be" : `${lag.refused} messages of the outbox cannot be`;
    advice.push(`${many} published: merp outbox list`);
  }
  if (lag.oldest_waiting_seconds > LATE_SECONDS) {
    const age = Math.round(lag.oldest_waiting_seconds);
    advice.push(`a message has waited in the outbox for ${age} s: look at the log of the relay, and that one runs`);
  }
  return { ...lag, advice };
}
