import type { OpenLetters } from "../broker/log.js";
import type { Config } from "../config/config.js";

/** From this part of a limit on an operator is told, before anything is removed. */
const ALARMING = 0.8;

/** What an operator should do about the open dead letters of a group, before they are removed. `undefined` when nothing. */
export function letterAdvice(
  { deadLettersMax, deadLetterTtlMs }: Pick<Config, "deadLettersMax" | "deadLetterTtlMs">,
  group: string,
  { count, oldestMs, ids }: OpenLetters,
): string | undefined {
  if (ids === "exhausted")
    return "the stream of dead letters has the last possible id, so no message can become a dead letter: redrive or discard what it holds, then delete it";
  const isMany = count >= ALARMING * deadLettersMax;
  const isOld = count > 0 && oldestMs >= ALARMING * deadLetterTtlMs;
  if (!isMany && !isOld) return undefined;
  const limits = [
    ...(isMany ? [`there are ${count} of at most ${deadLettersMax} (DEAD_LETTER_MAX)`] : []),
    ...(isOld ? [`the oldest has been there for ${days(oldestMs)} of ${days(deadLetterTtlMs)} (DEAD_LETTER_TTL)`] : []),
  ];
  return `dead letters of ${group} will be removed soon: ${limits.join(", and ")}; redrive or discard them, or raise the limit`;
}

function days(ms: number): string {
  return ms < 2 * 86_400_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 86_400_000)} days`;
}
