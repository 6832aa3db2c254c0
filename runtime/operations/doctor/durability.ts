import type { Config } from "../../config/config.js";
import { addressOf } from "../../config/redis-nodes.js";
import { askNode } from "../../redis/ask-node.js";
import type { Client } from "../../redis/connection.js";
import { nodeAccess } from "../../redis/node-access.js";
import { sentinelsOf } from "../../redis/sentinels.js";
import { topologyOf } from "../../redis/topology.js";
import { systemClock } from "../../time/clock.js";
import { redisCliAt } from "../diagnosis/commands.js";
import { sizeOf } from "../wording.js";
import { type Finding, failed } from "./finding.js";
import { type MasterSettings, readMaster } from "./master-settings.js";

type Ask = <Reply>(question: (client: Client) => Promise<Reply>) => Promise<Reply>;

/** How long a failover takes at most, beyond the time after which the others give a master up. */
const ELECTION_MS = 3000;

/**
 * Says what the loss of a master would undo, and which settings of the servers would make it less. One Redis without replicas is
 * what somebody chose: nothing is said of it, unless its messages are to be replicated.
 *
 * @param ask - asks the one Redis, where it stays where it is
 */
export async function* durability(config: Config, ask: Ask): AsyncGenerator<Finding> {
  let masters: readonly MasterSettings[];
  try {
    masters = await mastersOf(config, ask);
  } catch (error) {
    yield failed("failover", error);
    return;
  }
  const isAlone = config.redis.cluster === undefined && config.redis.sentinel === undefined;
  if (isAlone && config.durability === "stored" && masters.every(({ replicas }) => replicas === 0)) return;
  const advice = [...new Set(masters.flatMap((master) => adviceOn(master, config)))];
  const lines = masters.map(lineOf);
  const [first, ...others] = advice;
  const verdict = first === undefined ? "good" : "notable";
  yield {
    check: "failover",
    verdict,
    text: first ?? "replicas and settings are as they should be",
    lines: [...lines, ...others],
  };
}

async function mastersOf({ redis }: Config, ask: Ask): Promise<readonly MasterSettings[]> {
  const topology = topologyOf(redis, systemClock);
  const sentinels = sentinelsOf(redis, systemClock);
  if (topology === undefined && sentinels === undefined) {
    return [await ask((client) => readMaster(client, redis.address))];
  }
  await topology?.refresh();
  const nodes = topology === undefined ? [await sentinels?.find()] : [...topology.leaders.values()];
  const access = await nodeAccess(redis, systemClock);
  const reading = nodes.flatMap((node) =>
    node === undefined ? [] : [askNode(node, access, (client) => readMaster(client, addressOf(node)))],
  );
  return Promise.all(reading);
}

function lineOf({ address, replicas, lagBytes, mayNotAsk }: MasterSettings): string {
  const lag = lagBytes === undefined ? "" : `, the last of them ${sizeOf(lagBytes)} behind`;
  const unknown = mayNotAsk ? "; its settings are not known, because this user lacks the right +config|get" : "";
  return `${address}: replicas that follow it: ${replicas}${lag}${unknown}`;
}

/** What is to be changed of a master, with the command that does it. */
function adviceOn(master: MasterSettings, { durability, leaseMs, redis }: Config): string[] {
  const { address, replicas, minReplicas, appendOnly, fullCoverage, nodeTimeoutMs } = master;
  const set = (setting: string): string => redisCliAt(address, `config set ${setting}`);
  const found: string[] = [];
  if (durability === "replicated" && replicas < redis.waitReplicas) {
    found.push(
      `${address} has ${replicas} of the ${redis.waitReplicas} replicas that MESSAGE_DURABILITY=replicated needs, so each publish waits in vain and fails: start replicas (replicaof), or lower REDIS_WAIT_REPLICAS`,
    );
  } else if (replicas === 0) {
    found.push(
      `no replica follows ${address}, so what it has is lost with it: start one (replicaof, cluster replicate)`,
    );
  }
  if (replicas > 1 && minReplicas === 0) {
    const command = set("min-replicas-to-write 1 min-replicas-max-lag 2");
    found.push(
      `${address} goes on accepting messages when it is cut off from its replicas, and they are lost: ${command}`,
    );
  }
  if (replicas > 0 && minReplicas !== undefined && minReplicas >= replicas) {
    found.push(
      `${address} refuses every message while one of its replicas is away, also after a failover: start another replica, or ${set(`min-replicas-to-write ${replicas - 1}`)}`,
    );
  }
  if (appendOnly === false) {
    found.push(
      `${address} comes back with old data, or none, if it is restarted before it is replaced, and its replicas then take over that: ${set("appendonly yes")}`,
    );
  }
  if (fullCoverage === true) {
    found.push(
      `the loss of one master stops the whole cluster: ${set("cluster-require-full-coverage no")}, on every node`,
    );
  }
  if (nodeTimeoutMs !== undefined && nodeTimeoutMs + ELECTION_MS >= leaseMs) {
    const seconds = Math.ceil((nodeTimeoutMs + ELECTION_MS) / 1000) + 1;
    found.push(
      `in a failover (cluster-node-timeout ${nodeTimeoutMs} ms) consumers that live look dead: set CONSUMER_LEASE to ${seconds} or more, in every service, or ${set("cluster-node-timeout 5000")}, on every node`,
    );
  }
  return found;
}
