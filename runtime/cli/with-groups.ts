import type { AuditTrail } from "../operations/audit/audit-trail.js";
import type { Groups } from "../operations/groups/groups.js";
import type { OperationsOptions } from "../operations/operator.js";
import type { Partitions } from "../operations/partitions/partitions.js";

/** The groups of the Redis that the environment names, its partitions, and the record of what is changed. */
export interface GroupTools {
  readonly groups: Groups;
  readonly partitions: Partitions;
  readonly trail: AuditTrail;
}

/** Works with the groups, over a connection that ends with the work. Loaded when it is asked for: it brings the Redis client. */
export async function withGroups<Result>(
  work: (tools: GroupTools) => Promise<Result>,
  options: OperationsOptions = {},
): Promise<Result> {
  const [{ Operator }, { Groups }, { Partitions }, { AuditTrail }] = await Promise.all([
    import("../operations/operator.js"),
    import("../operations/groups/groups.js"),
    import("../operations/partitions/partitions.js"),
    import("../operations/audit/audit-trail.js"),
  ]);
  const { config, routes } = new Operator(options, { name: "operator", connectionName: "merp" });
  try {
    const [groups, partitions] = [new Groups(config, routes), new Partitions(config, routes)];
    return await work({ groups, partitions, trail: new AuditTrail(config, routes) });
  } finally {
    routes.close();
  }
}
