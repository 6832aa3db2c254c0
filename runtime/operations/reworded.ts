import { ConnectionError, MessagingError } from "../errors.js";

type RedisCode = ConstructorParameters<typeof ConnectionError>[0];

/** The same error, with a text that also says what it means for what was being done. */
export function reworded(error: MessagingError, text: string): MessagingError {
  return error instanceof ConnectionError
    ? new ConnectionError(error.code as RedisCode, text, { cause: error })
    : new MessagingError(error.code, text, { cause: error });
}
