import type { Redis } from "ioredis";

/**
 * Keeps from the client's errors what they tell too much. The driver attaches to each error reply the command with its
 * arguments: the password of `AUTH`, the message of `XADD`. Of an unknown command, Redis itself quotes the arguments.
 */
export function makeDiscreet(client: Redis): void {
  const handle = client.handleReconnection.bind(client);
  // Each error reply passes here before its command is rejected, also during the handshake.
  client.handleReconnection = (error, item) => handle(discreet(error), item);
}

/** The same error without what was sent. A pipeline that is cut off is rejected with one that has not passed the client. */
export function discreet<Thrown>(error: Thrown): Thrown {
  if (!(error instanceof Error)) return error;
  delete (error as { command?: unknown }).command;
  const { message } = error;
  const short = withoutArguments(message);
  if (short === message) return error;
  error.message = short;
  // Its text is the beginning of its stack.
  if (error.stack !== undefined) error.stack = error.stack.replace(message, () => short);
  return error;
}

/** `ERR unknown command 'AUTH'` of `ERR unknown command 'AUTH', with args beginning with: 'user' 'password'`. */
function withoutArguments(reply: string): string {
  return reply.replace(/,? with args beginning with:.*$/s, "");
}
