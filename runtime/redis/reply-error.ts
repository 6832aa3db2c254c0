/** Replies after which the same command may succeed; none of them stored anything. */
const PASSING = /^(OOM|LOADING|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY|MISCONF)/;

/** Whether Redis said no, and would say so again: it is not away, nor busy, nor full. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !PASSING.test(error.message);
}
