/** Whether a cluster stands for each Redis that a test asks for, see `test/on-cluster`. */
export const isOnCluster = process.env["TEST_ON_CLUSTER"] !== undefined;
/** How many masters it has. */
export const MASTERS = isOnCluster ? 3 : 1;
/** The setting that names the Redis of a test, for texts that tell what to check. */
export const ADDRESS_SETTING = isOnCluster ? "REDIS_CLUSTER_NODES" : "REDIS_HOST";
