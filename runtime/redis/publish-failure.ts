import type { Append } from "../broker/append.js";
import { MessagingError, PublishError } from "../errors.js";
import { adviceOn } from "./driver-error.js";
import { isRedirect, isRefusal } from "./reply.js";
import type { Route } from "./route.js";

/** What an error on the way to Redis means for the publish of an entry: whether it may be stored, and repeated. */
export function publishFailure(
  error: Error,
  { stream, messageId, onceWindowMs }: Append,
  route: Pick<Route, "failure" | "follows">,
): MessagingError {
  // There was no connection, so nothing was sent.
  if (error instanceof MessagingError) return error;
  if (error.message.startsWith("Stream isn't writeable")) return route.failure();
  if (error.name === "ReplyError") {
    const text = `Redis refused to add to ${stream}: ${error.message}${adviceOn(error.message)}`;
    const retryable = !isRefusal(error) && (route.follows || !isRedirect(error));
    return new PublishError("PUBLISH_FAILED", text, { messageId, retryable, cause: error });
  }
  const retryable = onceWindowMs !== undefined;
  const advice = retryable
    ? `repeat it with the same id and once: true`
    : `a repeat may store it twice; publish with { id, once: true } from the first attempt on where that matters`;
  const text = `the connection broke before Redis confirmed message ${messageId ?? "(without id)"} in ${stream}: it may be stored; ${advice}`;
  return new PublishError("PUBLISH_UNCERTAIN", text, { messageId, retryable, cause: error });
}
