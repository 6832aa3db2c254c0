import { createHash } from "node:crypto";

/** With all that must be encoded in a URL. */
export const appPassword = "a secret: /?@%";

/** Under which replicas ask for their data: without it a master answers its clients, and its replicas get nothing. */
export const replicationUser = "replication";

/**
 * The users of a server, as a file: who needs no password and may do everything, replicas, and where there are rules for
 * it, `app`.
 */
export function usersFile(rules?: string): string {
  const hash = createHash("sha256").update(appPassword).digest("hex");
  return [
    "user default on nopass ~* &* +@all",
    `user ${replicationUser} on nopass +psync +replconf +ping`,
    ...(rules === undefined ? [] : [`user app on #${hash} ${rules}`]),
    "",
  ].join("\n");
}
