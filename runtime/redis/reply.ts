/** Replies after which a retry may succeed. The command has stored nothing. */
const TRANSIENT = /^(OOM|LOADING|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|MISCONF)/;

/** Whether Redis refused a command and would refuse a retry: it is reachable, not busy and not full. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !TRANSIENT.test(error.message);
}

/** Replies by which a node of a cluster says that the slot is elsewhere, or on its way. The command has done nothing. */
const REDIRECTS = /^(MOVED|ASK|TRYAGAIN) ?/;

/** Whether a command was refused because its slot is elsewhere, or on its way. */
export function isRedirect(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError" && REDIRECTS.test(error.message);
}

/**
 * `NOGROUP`: no such group or stream; `XINFO` says `ERR no such key` instead where there is no stream. `NOPERM`: no right
 * to the command. `LATER`: a script came to it too late, see `timely`. `READONLY`: the master became a replica. `NOSCRIPT`: Redis
 * does not know the script's text yet. `WRONGTYPE`: others use the key. `FENCED`: another member owns the partition.
 */
export function isReply(
  error: unknown,
  code: "NOGROUP" | "NOPERM" | "LATER" | "NOSCRIPT" | "READONLY" | "WRONGTYPE" | "FENCED" | "ERR no such key",
): boolean {
  return error instanceof Error && error.message.startsWith(code);
}

/** Whether a `NOPERM` is about a command, whatever its key. A key that is out of reach is another matter. */
export function isForbiddenCommand(error: unknown): boolean {
  return isReply(error, "NOPERM") && / to run the '/.test((error as Error).message);
}

/** One field of a reply that lists names and values in turn, as `XINFO` does; `undefined` when the list lacks it. */
export function field(list: readonly unknown[], name: string): unknown {
  for (let at = 0; at + 1 < list.length; at += 2) if (list[at] === name) return list[at + 1];
  return undefined;
}
