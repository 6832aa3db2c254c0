/** Replies after which the same command may succeed. None of them stored anything. */
const PASSING = /^(OOM|LOADING|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY|MISCONF)/;

/** Whether Redis refused a command and would refuse it again: it is neither away, nor busy, nor full. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !PASSING.test(error.message);
}

/** Whether a command failed because its consumer group, or the group's stream, does not exist. */
export function isGroupMissing(error: unknown): boolean {
  return startsWith(error, "NOGROUP");
}

/** Whether a master has become a replica. */
export function isReadOnly(error: unknown): boolean {
  return startsWith(error, "READONLY");
}

/** Whether this user has no right to the command. */
export function isDenied(error: unknown): boolean {
  return startsWith(error, "NOPERM");
}

function startsWith(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
