import type { Answer } from "../broker/delivery.js";
import type { Client } from "./connection.js";
import { answerKey, type StreamKeys } from "./keys.js";
import { answer } from "./lua/answer.js";
import { isReply } from "./reply.js";

/** Redis will always refuse this answer. Any other right that is missing, such as that to acknowledge, may come back. */
const HOPELESS = /^(ERR |NOPERM no right to (PUBLISH|SET) )/;

/** An answer, the entry that it acknowledges, and the version of the handled types if they must not have changed. */
export interface Answering {
  readonly given: Answer;
  readonly id: string;
  readonly version: string | undefined;
}

/**
 * Resolves to `undefined`, to the error with which Redis refuses the answer, or to the handled types if they have
 * changed. Rejects when nothing was sent or acknowledged and a repeat may succeed.
 */
export async function sendAnswer(
  client: Client,
  keys: StreamKeys,
  group: string,
  { given, id, version }: Answering,
): Promise<unknown> {
  const { stream, commandId, text, keepMs, replyTo } = given;
  const scriptKeys = [answerKey(stream, commandId), keys.stream, keys.errors];
  const args = [text, keepMs, replyTo, group, id];
  try {
    if (version === undefined) return (await answer.run(client, scriptKeys, args)) ?? undefined;
    return (await answer.run(client, [...scriptKeys, keys.types], [...args, version])) ?? undefined;
  } catch (error) {
    if (isReply(error, "NOGROUP")) return undefined;
    if (error instanceof Error && HOPELESS.test(error.message)) return error;
    throw error;
  }
}
