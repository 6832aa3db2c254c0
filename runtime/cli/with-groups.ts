import type { AuditTrail } from "../operations/audit/audit-trail.js";
import type { Groups } from "../operations/groups/groups.js";
import type { OperationsOptions } from "../operations/operator.js";

/** The groups of the Redis that the environment names, and the record of what is changed. */
export interface GroupTools {
  readonly groups: Groups;
  readonly trail: AuditTrail;
}

/** Works with the groups, over a connection that ends with the work. Loaded when it is asked for: it brings the Redis client. */
export async function withGroups<Result>(
  work: (tools: GroupTools) => Promise<Result>,
  options: OperationsOptions = {},
): Promise<Result> {
  const [{ Operator }, { Groups }, { AuditTrail }] = await Promise.all([
    import("../operations/operator.js"),
    import("../operations/groups/groups.js"),
    import("../operations/audit/audit-trail.js"),
  ]);
  const { config, connection } = new Operator(options, { name: "operator", connectionName: "merp" });
  try {
    return await work({ groups: new Groups(config, connection), trail: new AuditTrail(config, connection) });
  } finally {
    connection.close();
  }
}
