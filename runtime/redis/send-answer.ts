import type { Answer } from "../broker/delivery.js";
import { PublishError } from "../errors.js";
import type { Connection } from "./connection.js";
import { answerKey, type StreamKeys } from "./keys.js";
import { answer } from "./lua/answer.js";
import { isRefusal, isReply } from "./reply.js";
import { longestValue, mayBeTooLong, refusalOf } from "./value-limit.js";

/** An answer, the entry that it acknowledges or an empty text, and the version of the handled types if they must not have changed. */
export interface Answering {
  readonly given: Answer;
  readonly id: string;
  readonly version?: string | undefined;
}

/**
 * Resolves to `undefined`, to the error with which Redis refuses it, or to the handled types if they have changed.
 *
 * @param connection - it is ready
 */
export async function sendAnswer(
  connection: Connection,
  keys: StreamKeys,
  group: string,
  { given, id, version }: Answering,
): Promise<unknown> {
  const { client } = connection;
  const { stream, commandId, entryId, text, keepMs, replyTo } = given;
  if (mayBeTooLong([text])) {
    const refusal = refusalOf([text], await longestValue(connection));
    const options = { messageId: commandId };
    if (refusal !== undefined)
      return new PublishError("PUBLISH_FAILED", `the answer was not sent: ${refusal}`, options);
  }
  const scriptKeys = [answerKey(stream, commandId), keys.stream, keys.errors, keys.floor];
  const args = [text, keepMs, replyTo, group, id, entryId ?? id];
  try {
    if (version === undefined) return (await answer.run(client, scriptKeys, args)) ?? undefined;
    return (await answer.run(client, [...scriptKeys, keys.types], [...args, version])) ?? undefined;
  } catch (error) {
    if (isReply(error, "NOGROUP")) return undefined;
    if (isRefusal(error)) return error;
    throw error;
  }
}
