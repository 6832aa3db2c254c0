import { printable } from "../../contract/printable.js";
import { countOf, lengthOfTime, sizeOf } from "../wording.js";
import { redisCli } from "./commands.js";
import { inEachServer, type Sickness } from "./sickness.js";

const MEGABYTE = 1_048_576;

/** Redis removes keys when its memory is full, messages among them. */
export const evicts: Sickness = inEachServer((redis, server) => {
  const { evictionPolicy: policy, evictedKeys, evictedSince, maxMemoryBytes } = redis;
  // A replica removes what its master does.
  if (server.isReplica) return undefined;
  const mayEvict = policy !== null && policy !== "noeviction";
  const code = "REDIS_EVICTS";
  const mend = { command: redisCli(server, "config set maxmemory-policy noeviction") };
  if (evictedKeys !== null && evictedKeys > 0 && (mayEvict || (evictedSince ?? 0) > 0)) {
    const sentence = `${server.name} evicts: ${countOf(evictedKeys, "key")} removed since it started (maxmemory-policy ${printable(policy ?? "unknown")}), and messages, groups and dead letters may be among them`;
    return { severity: "critical", code, sentence, ...mend };
  }
  if (mayEvict && maxMemoryBytes !== null) {
    const sentence = `${server.name} may evict streams and groups once its memory is full: maxmemory-policy is ${printable(policy)}`;
    return { severity: "warning", code, sentence, ...mend };
  }
  if (evictedKeys === null || evictedKeys === 0) return undefined;
  const sentence = `${server.name} evicted ${countOf(evictedKeys, "key")} since it started, and does not any more; messages may have been among them`;
  return { severity: "notice", code, sentence };
});

/** Redis has no memory left, or soon will have none. */
export const full: Sickness = inEachServer((redis, server, { memoryUsed }) => {
  const { usedMemoryBytes: used, maxMemoryBytes: most, outOfMemoryErrors, outOfMemorySince } = redis;
  if (server.isReplica) return undefined;
  if (used === null || most === null || used < memoryUsed * most) return undefined;
  const isFull = used >= most || (outOfMemorySince ?? 0) > 0;
  const refused =
    outOfMemoryErrors === null || outOfMemoryErrors === 0
      ? ""
      : `; ${countOf(outOfMemoryErrors, "command")} refused (OOM) since it started`;
  const sentence = `${server.of("memory")} is ${isFull ? "full" : "nearly full"}: ${sizeOf(used)} of ${sizeOf(most)} (${Math.round((100 * used) / most)} %)${refused}`;
  const command = redisCli(server, `config set maxmemory ${Math.ceil((1.5 * Math.max(used, most)) / MEGABYTE)}mb`);
  return { severity: isFull ? "critical" : "warning", code: "REDIS_FULL", sentence, command };
});

/** Redis cannot write its data to the disk. */
export const doesNotSave: Sickness = inEachServer(({ lastSaveSucceeded, aofSucceeded }, server) => {
  const failed = [
    ...(lastSaveSucceeded === false ? ["its last snapshot"] : []),
    ...(aofSucceeded === false ? ["its append-only file"] : []),
  ];
  if (failed.length === 0) return undefined;
  const sentence = `${server.name} failed to write ${failed.join(" and ")}: what it holds would be lost with it; look at its log and its disk`;
  return { severity: "critical", code: "REDIS_NOT_SAVING", sentence, command: redisCli(server, "info persistence") };
});

/** This is no master. */
export const isReplica: Sickness = inEachServer(({ role, masterLinkUp }, server) => {
  if (role !== "replica" || server.isOfCluster) return undefined;
  const link = masterLinkUp === false ? ", and its link to the master is down, so what it shows is old" : "";
  const sentence = `Redis at ${printable(server.address)} is a replica: services cannot publish or consume there${link}`;
  const severity = masterLinkUp === false ? "critical" : "warning";
  return { severity, code: "REDIS_REPLICA", sentence, command: redisCli(server, "info replication") };
});

/** A replica would lose messages if it became the master now. */
export const replicaIsBehind: Sickness = inEachServer(({ replicaLagBytes: lag }, server, { replicaBytes }) => {
  if (lag === null || lag <= replicaBytes) return undefined;
  const sentence = `A replica${server.isOfCluster ? ` of ${server.address}` : ""} is ${sizeOf(lag)} behind: a failover now would lose that much`;
  return { severity: "warning", code: "REPLICA_BEHIND", sentence, command: redisCli(server, "info replication") };
});

/** Services could not connect. */
export const refusesConnections: Sickness = inEachServer((redis, server) => {
  const { rejectedConnections, rejectedSince, connectedClients, maxClients } = redis;
  if (rejectedConnections === null || rejectedConnections === 0) return undefined;
  const isNow =
    (rejectedSince ?? 0) > 0 ||
    (connectedClients !== null && maxClients !== null && connectedClients >= 0.95 * maxClients);
  const clients =
    connectedClients === null || maxClients === null ? "" : `; ${connectedClients} of ${maxClients} are open`;
  const sentence = `${server.name} refused ${countOf(rejectedConnections, "connection")} since it started because there were too many${clients}`;
  const command = redisCli(server, `config set maxclients ${2 * (maxClients ?? 10_000)}`);
  return { severity: isNow ? "critical" : "notice", code: "CONNECTIONS_REFUSED", sentence, command };
});

/** Timestamps mislead, and publishers set the wrong time of expiry. */
export const clockIsWrong: Sickness = inEachServer(({ clockAheadMs }, server, { clockMs }) => {
  if (Math.abs(clockAheadMs) <= clockMs) return undefined;
  const direction = clockAheadMs > 0 ? "ahead of" : "behind";
  const sentence = `${server.of("clock")} is ${lengthOfTime(Math.abs(clockAheadMs))} ${direction} this machine's`;
  return { severity: "warning", code: "CLOCK_WRONG", sentence, command: "synchronise the clocks (NTP)" };
});

/** Something is not known for want of a right. */
export const rightIsMissing: Sickness = ({ refused }) => {
  if (refused.length === 0) return [];
  const sentence = `This user of Redis may not run ${refused.map(printable).join(", ")}, so a part of what may be wrong is not known`;
  const command = "give it the rights of the viewer in docs/security.md (ACL SETUSER)";
  return [{ severity: "warning", code: "RIGHT_MISSING", sentence, command }];
};
