import type { Problem } from "../diagnosis/problem.js";
import type { GroupStatus } from "./group-status.js";
import { counter, gauge, type Labels, type Metric, type Sample, textOf } from "./metric.js";
import type { RedisStatus } from "./redis-status.js";
import { serversOf } from "./servers.js";
import type { Status } from "./status.js";

const SEVERITIES = ["critical", "warning", "notice"] as const;

/**
 * A status in the text format of Prometheus. What is not known has no sample. The labels are named as in the metrics of services;
 * the names begin with `merp_status_`, because these are values of the installation, each of them once.
 */
export function prometheusText(status: Status, problems: readonly Problem[]): string {
  return metricsOf(status, problems).map(textOf).join("");
}

/** What is told where there is no status. */
export function prometheusDown(): string {
  return textOf(up(false));
}

function metricsOf(status: Status, problems: readonly Problem[]): readonly Metric[] {
  return [
    up(true),
    problemsOf(problems),
    ...redisOf(status),
    ...clusterOf(status),
    ...streamsOf(status),
    ...groupsOf(status),
    ...servicesOf(status),
  ];
}

function up(isUp: boolean): Metric {
  return gauge("up", "Whether Redis could be asked.", [[{}, isUp]]);
}

function problemsOf(problems: readonly Problem[]): Metric {
  const counts = SEVERITIES.map(
    (severity): Sample => [{ severity }, problems.filter((each) => each.severity === severity).length],
  );
  return gauge("problems", "What is wrong, as merp status tells it.", counts);
}

function redisOf(status: Status): Metric[] {
  const each = (value: (redis: RedisStatus) => Sample[1]): readonly Sample[] =>
    serversOf(status).map(({ address, redis }) => [status.cluster === null ? {} : { node: address }, value(redis)]);
  return [
    gauge(
      "redis_memory_used_bytes",
      "Memory that Redis uses.",
      each(({ usedMemoryBytes }) => usedMemoryBytes),
    ),
    gauge(
      "redis_memory_max_bytes",
      "Its limit (maxmemory).",
      each(({ maxMemoryBytes }) => maxMemoryBytes),
    ),
    counter(
      "redis_evicted_keys_total",
      "Keys that Redis evicted.",
      each(({ evictedKeys }) => evictedKeys),
    ),
    counter(
      "redis_out_of_memory_errors_total",
      "Commands that Redis refused for want of memory.",
      each(({ outOfMemoryErrors }) => outOfMemoryErrors),
    ),
    counter(
      "redis_rejected_connections_total",
      "Connections that Redis refused.",
      each(({ rejectedConnections }) => rejectedConnections),
    ),
    gauge(
      "redis_connected_clients",
      "Clients of Redis.",
      each(({ connectedClients }) => connectedClients),
    ),
    gauge(
      "redis_blocked_clients",
      "Clients that wait in a blocking command.",
      each(({ blockedClients }) => blockedClients),
    ),
    gauge(
      "redis_replicas",
      "Replicas that follow this Redis.",
      each(({ replicas }) => replicas),
    ),
    gauge(
      "redis_replica_lag_bytes",
      "By how much the last of them is behind.",
      each(({ replicaLagBytes }) => replicaLagBytes),
    ),
    gauge(
      "redis_saves",
      "Whether the last snapshot was written.",
      each(({ lastSaveSucceeded }) => lastSaveSucceeded),
    ),
    gauge(
      "redis_clock_ahead_seconds",
      "How far Redis' clock is ahead.",
      each(({ clockAheadMs }) => clockAheadMs / 1000),
    ),
  ];
}

function clusterOf({ cluster, unseen }: Status): Metric[] {
  if (cluster === null) return [];
  const nodes = cluster.nodes.map(({ address, role, master, problem }): Sample => {
    const place = { node: address, role: role ?? "none", ...(master === null ? {} : { master }) };
    return [place, problem === null];
  });
  return [
    gauge("cluster_ok", "Whether the cluster says that it is up.", [[{}, cluster.state === "ok"]]),
    gauge("cluster_node_up", "Whether a node of the cluster could be asked.", nodes),
    gauge("cluster_unseen_streams", "Streams of which nothing is known.", [[{}, unseen.length]]),
  ];
}

function streamsOf({ streams }: Status): Metric[] {
  const each = (value: (stream: Status["streams"][number]) => Sample[1]): readonly Sample[] =>
    streams
      .filter(({ keyType }) => keyType === "stream")
      .map((stream) => [{ messaging_destination_name: stream.name }, value(stream)]);
  return [
    gauge(
      "stream_entries",
      "Entries of a stream.",
      each(({ length }) => length),
    ),
    counter(
      "stream_added_total",
      "Entries that were ever added.",
      each(({ added }) => added),
    ),
    gauge(
      "stream_memory_bytes",
      "Memory that a stream takes, by a sample.",
      each(({ bytes }) => bytes),
    ),
    gauge(
      "stream_oldest_seconds",
      "The age of its oldest entry.",
      each(({ oldestMs }) => seconds(oldestMs)),
    ),
  ];
}

function groupsOf({ streams, paused }: Status): Metric[] {
  const groups = streams.flatMap((stream) => stream.groups);
  const each = (value: (group: GroupStatus) => Sample[1]): readonly Sample[] =>
    groups.map((group) => [labelsOf(group), value(group)]);
  const members = groups.flatMap((group) =>
    (["alive", "silent", "dead"] as const).map(
      (state): Sample => [{ ...labelsOf(group), state }, group.members[state]],
    ),
  );
  const isPaused = ({ stream, name }: GroupStatus): boolean =>
    paused.some((pause) => pause.stream === stream && pause.group === name);
  return [
    gauge(
      "group_lag",
      "Entries that a group has not read.",
      each(({ lag }) => lag),
    ),
    gauge(
      "group_pending",
      "Entries that it has read and not settled.",
      each(({ pending }) => pending),
    ),
    gauge(
      "group_oldest_pending_seconds",
      "Since when the oldest of them was published.",
      each(({ oldestPendingMs }) => seconds(oldestPendingMs)),
    ),
    gauge(
      "group_parked",
      "Entries that wait for a retry.",
      each(({ parked }) => parked),
    ),
    gauge(
      "group_overdue_seconds",
      "For how long the next retry is overdue.",
      each(({ nextDueMs }) => (nextDueMs === null ? null : Math.max(0, -nextDueMs) / 1000)),
    ),
    gauge(
      "group_handover",
      "Entries that wait for a member that handles their type.",
      each(({ handover }) => handover),
    ),
    gauge(
      "group_dead_letters",
      "Its open dead letters.",
      each(({ letters }) => letters.open),
    ),
    gauge(
      "group_oldest_dead_letter_seconds",
      "The age of the oldest of them.",
      each(({ letters }) => seconds(letters.oldestMs)),
    ),
    gauge("group_members", "Its members, by their state.", members),
    gauge("group_paused", "Whether it, or one of its types, is paused.", each(isPaused)),
  ];
}

function servicesOf({ services }: Status): Metric[] {
  const each = (value: (service: Status["services"][number]) => Sample[1]): readonly Sample[] =>
    services.map((service) => [{ merp_service: service.name }, value(service)]);
  return [
    gauge(
      "service_healthy",
      "Whether the last report of a service says so.",
      each(({ status }) => (status === null ? null : status === "healthy")),
    ),
    gauge(
      "service_silent_seconds",
      "The time since its last report.",
      each(({ silentMs }) => seconds(silentMs)),
    ),
  ];
}

function labelsOf({ stream, name, service }: GroupStatus): Labels {
  return { messaging_destination_name: stream, messaging_consumer_group_name: name, merp_service: service };
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
