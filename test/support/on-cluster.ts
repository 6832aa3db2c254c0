/** Whether a cluster stands for each Redis that a test asks for, see `test/on-cluster`. */
export const isOnCluster = process.env["TEST_ON_CLUSTER"] !== undefined;
/** How many masters it has. */
export const MASTERS = isOnCluster ? 3 : 1;
/** What an error text tells to check where the Redis of a test is away: the addresses, or the node that was found there. */
export const ADDRESS_CHECK = isOnCluster ? "(?:REDIS_CLUSTER_NODES|that this node runs)" : "REDIS_HOST";
