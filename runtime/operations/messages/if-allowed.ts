import { ConnectionError } from "../../errors.js";
import { isReply } from "../../redis/reply.js";

/** What was asked for; `undefined` where this user of Redis may not ask: the rest can be told without it. */
export async function ifAllowed<Reply>(asked: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ConnectionError && isReply(error.cause, "NOPERM")) return undefined;
    throw error;
  }
}
