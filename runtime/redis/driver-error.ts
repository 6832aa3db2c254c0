import { ConnectionError, MessagingError } from "../errors.js";
import { discreet } from "./discreet.js";
import { isRedirect, isRefusal } from "./reply.js";

/** What to do about error replies that a repeat may change, by the word that they begin with. */
const ADVICE: Readonly<Record<string, string>> = {
  BUSY: "A script is running: wait for its end, or end it (SCRIPT KILL)",
  CLUSTERDOWN: "Its cluster is down, or the slot has no master: wait for the failover, see redis-cli --cluster check",
  LOADING: "It is loading its data: wait",
  MASTERDOWN: "It is a replica that has lost its master: wait for the failover",
  MISCONF: "It cannot save its data: look at its log and its disk",
  NOREPLICAS: "Too few replicas follow it: start them",
  OOM: "Its memory is full: raise maxmemory, or remove data",
  READONLY: "It is a replica: wait for the failover, or connect to the master",
};

const EXHAUSTED =
  ". No id is left: when every group has handled what the stream holds, rename it (RENAME), and the next message begins a new one";

const ELSEWHERE =
  ". Another node of the cluster has this key, or it is on its way there: name some nodes in REDIS_CLUSTER_NODES, if REDIS_URL or REDIS_HOST names this one; else repeat";

/** A sentence, with a space before it, that says what to do about an error reply. */
export function adviceOn(message: string): string {
  const advice = ADVICE[/^[A-Z]+/.exec(message)?.[0] ?? ""];
  if (advice !== undefined) return `. ${advice}, and repeat`;
  if (/^(MOVED|ASK|TRYAGAIN)/.test(message)) return ELSEWHERE;
  if (message.includes("exhausted the last possible ID")) return EXHAUSTED;
  // Of a script's command Redis says it in other words.
  return /^NOPERM|can't run this command/.test(message) ? ". Check the rights of this user (ACL GETUSER)" : "";
}

/**
 * Our error for one of the driver, on any call but a publish. What was attempted may be repeated.
 * @param follows - whether a slot that is elsewhere is looked for there
 */
export function ourError(error: unknown, address: string, what: string, follows = true): MessagingError {
  if (error instanceof MessagingError) return error;
  const { name, message } = error as Error;
  if (name !== "ReplyError") {
    const text = `the connection to Redis at ${address} broke while ${what} (${message}): repeat it; if it lasts, check the network and that Redis runs`;
    return new ConnectionError("REDIS_UNAVAILABLE", text, { cause: discreet(error) });
  }
  const code = isRefusal(error) || (!follows && isRedirect(error)) ? "REDIS_REFUSED" : "REDIS_UNAVAILABLE";
  const text = `Redis at ${address} refused ${what}: ${message}${adviceOn(message)}`;
  return new ConnectionError(code, text, { cause: error });
}
