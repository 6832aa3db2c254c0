import type { Answer } from "../broker/delivery.js";
import { PublishError } from "../errors.js";
import { answerKey, type StreamKeys } from "./keys.js";
import { answer } from "./lua/answer.js";
import { isReply } from "./reply.js";
import type { Route } from "./route.js";
import { longestValue, mayBeTooLong, refusalOf } from "./value-limit.js";

/** Redis will always refuse this answer. Any other right that is missing, such as that to acknowledge, may come back. */
const HOPELESS = /^(ERR |NOPERM no right to (PUBLISH|SET) )/;

/** An answer, the entry that it acknowledges or an empty text, and the version of the handled types if they must not have changed. */
export interface Answering {
  readonly given: Answer;
  readonly id: string;
  readonly version?: string | undefined;
}

/**
 * Resolves to `undefined`, to the error with which Redis refuses the answer, or to the handled types if they have
 * changed. Rejects when nothing was sent or acknowledged and a repeat may succeed.
 *
 * @param route - it is ready
 */
export async function sendAnswer(
  route: Route,
  keys: StreamKeys,
  group: string,
  { given, id, version }: Answering,
): Promise<unknown> {
  const { client } = route;
  const { stream, commandId, entryId, text, keepMs, replyTo } = given;
  if (mayBeTooLong(text.length)) {
    const refusal = refusalOf([text], await longestValue(route.connection));
    const options = { messageId: commandId };
    if (refusal !== undefined)
      return new PublishError("PUBLISH_FAILED", `the answer was not sent: ${refusal}`, options);
  }
  const answering = [answerKey(stream, commandId), keys.floor];
  // What is not used needs no right.
  const scriptKeys = id === "" ? answering : [...answering, keys.stream, keys.errors];
  const args = [text, keepMs, replyTo, group, id, entryId ?? id];
  try {
    if (version === undefined) return (await answer.run(client, scriptKeys, args)) ?? undefined;
    return (await answer.run(client, [...scriptKeys, keys.types], [...args, version])) ?? undefined;
  } catch (error) {
    if (isReply(error, "NOGROUP")) return undefined;
    if (error instanceof Error && HOPELESS.test(error.message)) return error;
    throw error;
  }
}
