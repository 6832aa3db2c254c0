import { clearTimeout, setTimeout } from "node:timers";
import type { Place, Wait } from "./run.js";
import { whatText } from "./wait.js";

/**
 * Warns when the test itself waits for an answer and nobody lets time pass: it would wait until its runner ends it, and learn
 * nothing.
 */
export async function warnUnanswered<Answer>(
  answer: Promise<Answer>,
  { clock, service, warn, ...place }: Place,
  wait: Wait,
): Promise<Answer> {
  const sentAt = clock.now();
  const timer = setTimeout(() => {
    if (clock.now() > sentAt) return;
    const advice = "start the service that answers, stub() its answer, or have time pass with time.advance()";
    warn({ advice }, `${service} waits for ${whatText(wait, clock)}; time passes only when it is told to`);
  }, place.warnAfterMs);
  timer.unref();
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}
