import { printable } from "../../contract/printable.js";
import type { Problem, Severity } from "../../operations/diagnosis/problem.js";
import type { ClusterStatus } from "../../operations/status/cluster-status.js";
import type { GroupStatus } from "../../operations/status/group-status.js";
import type { RedisStatus } from "../../operations/status/redis-status.js";
import type { Status, StreamStatus } from "../../operations/status/status.js";
import { countOf, lengthOfTime, sizeOf } from "../../operations/wording.js";
import { paint } from "../colour.js";
import { table, widthOf } from "../table.js";
import { broken } from "./lines.js";

const UNKNOWN = "unknown";
const NONE = "-";
const MOST_ROWS = 50;

/** A status for a person: what is wrong first, then what there is. */
export function statusText(status: Status, problems: readonly Problem[], width: number = widthOf()): string {
  const sections = [
    problems.length === 0 ? allIsWell(status, width) : problems.map((each) => problemText(each, width)).join(""),
    redisText(status, width),
    status.cluster === null ? "" : nodesText(status.cluster, width),
    streamsText(status, width),
    groupsText(status, width),
    membersText(status, width),
    lettersText(status, width),
    servicesText(status, width),
  ];
  return sections.filter((section) => section !== "").join("\n");
}

function problemText({ severity, sentence, command }: Problem, width: number): string {
  const said = `${markOf(severity)} ${broken(sentence, width, 2)}\n`;
  // The command is one line, however long: it is to be copied.
  return command === undefined ? said : `${said}  ${paint("dim", "→")} ${paint("bold", command)}\n`;
}

function markOf(severity: Severity): string {
  return { critical: paint("red", "✗"), warning: paint("yellow", "!"), notice: paint("cyan", "i") }[severity];
}

function allIsWell({ streams }: Status, width: number): string {
  const groups = streams.flatMap((stream) => stream.groups);
  const alive = groups.reduce((sum, { members }) => sum + members.alive, 0);
  const there = streams.filter(({ keyType }) => keyType === "stream").length;
  const text = `all is well: ${countOf(there, "stream")}, ${countOf(groups.length, "group")}, ${countOf(alive, "consumer")} alive`;
  return `${paint("green", "✓")} ${broken(text, width, 2)}\n`;
}

function redisText({ redis, cluster, address, environment, at, sinceMs }: Status, width: number): string {
  const parts = [
    cluster === null ? `${redis?.version ?? "Redis"} at ${address}` : clusterWords(cluster),
    environment,
    ...(redis === null ? [] : redisParts(redis)),
    `${at.slice(0, 19).replace("T", " ")} UTC`,
    ...(sinceMs === null ? [] : [`rates over ${lengthOfTime(sinceMs)}`]),
  ];
  return `${broken(printable(parts.join(", ")), width, 2)}\n`;
}

function clusterWords({ nodes, state }: ClusterStatus): string {
  const [masters, replicas] = (["master", "replica"] as const).map((role) => {
    const own = nodes.filter((node) => node.role === role);
    const there = own.filter(({ problem }) => problem === null).length;
    return `${there === own.length ? "" : `${there} of `}${countOf(own.length, role)}`;
  });
  return `cluster ${state === "ok" ? "up" : "down"}, ${masters}, ${replicas}`;
}

function redisParts(redis: RedisStatus): readonly string[] {
  const memory =
    redis.usedMemoryBytes === null
      ? []
      : [
          `${sizeOf(redis.usedMemoryBytes)} of ${redis.maxMemoryBytes === null ? "no limit" : sizeOf(redis.maxMemoryBytes)}`,
        ];
  return [
    ...(redis.role === null
      ? []
      : [redis.role === "replica" ? "replica" : `master, ${countOf(redis.replicas ?? 0, "replica")}`]),
    ...memory,
    ...(redis.evictionPolicy === null ? [] : [redis.evictionPolicy]),
    ...(redis.connectedClients === null
      ? []
      : [`${countOf(redis.connectedClients, "client")} (${redis.blockedClients ?? 0} blocked)`]),
  ];
}

function nodesText({ nodes }: ClusterStatus, width: number): string {
  const rows = nodes.map(({ address, role, slots, problem, epoch, redis }) => [
    address,
    problem === null ? (role ?? "no slots") : `${role ?? "node"}, away`,
    slots === 0 ? NONE : slots,
    epoch ?? UNKNOWN,
    redis === null ? UNKNOWN : (redis.version ?? UNKNOWN),
    redis?.usedMemoryBytes == null ? UNKNOWN : sizeOf(redis.usedMemoryBytes),
    redis?.connectedClients ?? UNKNOWN,
    replicationText(redis),
  ]);
  return limited(["node", "role", "slots", "epoch", "version", "memory", "clients", "replication"], rows, width);
}

function replicationText(redis: RedisStatus | null): string {
  if (redis === null || redis.role === null) return UNKNOWN;
  if (redis.role === "replica") return redis.masterLinkUp === false ? "link down" : "linked";
  const lag = redis.replicaLagBytes === null ? "" : `, ${sizeOf(redis.replicaLagBytes)} behind`;
  return `${countOf(redis.replicas ?? 0, "replica")}${lag}`;
}

function streamsText({ streams, unseen }: Status, width: number): string {
  const there = streams.filter(
    ({ keyType, letters, groups }) => keyType !== "none" || letters.total > 0 || groups.length > 0,
  );
  if (there.length === 0 && unseen.length === 0) return "no stream exists yet\n";
  const isWatched = there.some(({ addedPerSecond }) => addedPerSecond !== null);
  const head = ["stream", "entries", ...(isWatched ? ["added/s"] : []), "size", "oldest", "newest", "letters"];
  const unknown = unseen.map(({ name }) => [name, ...head.slice(1).map(() => UNKNOWN)]);
  return table(head, [...there.map((stream) => streamRow(stream, isWatched)), ...unknown], width);
}

function streamRow(stream: StreamStatus, isWatched: boolean): (string | number)[] {
  const { name, keyType, length, addedPerSecond, bytes, oldestMs, newestMs, letters } = stream;
  return [
    keyType === "stream" ? name : `${name} (${keyType === "none" ? "gone" : `a ${keyType}`})`,
    length,
    ...(isWatched ? [addedPerSecond ?? NONE] : []),
    bytes === null ? NONE : sizeOf(bytes),
    ageText(oldestMs),
    ageText(newestMs),
    letters.open ?? UNKNOWN,
  ];
}

function groupsText({ streams, paused }: Status, width: number): string {
  const groups = streams.flatMap((stream) => stream.groups);
  if (groups.length === 0) return "";
  const isWatched = groups.some(({ lagPerSecond }) => lagPerSecond !== null);
  const head = [
    "group",
    "lag",
    ...(isWatched ? ["lag/s"] : []),
    "pending",
    "oldest",
    "parked",
    "due",
    "letters",
    "alive",
  ];
  const rows = groups.map((group) => {
    const isPaused = paused.some(({ stream, group: name }) => stream === group.stream && name === group.name);
    return groupRow(group, { isWatched, isPaused });
  });
  return limited(head, rows, width);
}

function groupRow(
  group: GroupStatus,
  { isWatched, isPaused }: { readonly isWatched: boolean; readonly isPaused: boolean },
) {
  const { stream, name, lag, lagPerSecond, pending, oldestPendingMs, parked, nextDueMs, letters, members, redriven } =
    group;
  const remarks = [
    ...(group.isGone ? ["gone"] : []),
    ...(isPaused ? ["paused"] : []),
    ...(redriven === null ? [] : ["redriven entries wait"]),
  ];
  return [
    `${name} on ${stream}${remarks.length === 0 ? "" : ` (${remarks.join(", ")})`}`,
    lag ?? UNKNOWN,
    ...(isWatched ? [lagPerSecond ?? NONE] : []),
    pending,
    ageText(oldestPendingMs),
    parked,
    nextDueMs === null ? NONE : nextDueMs < 0 ? `${lengthOfTime(-nextDueMs)} ago` : `in ${lengthOfTime(nextDueMs)}`,
    letters.open ?? UNKNOWN,
    `${members.alive} of ${members.total}`,
  ];
}

/** Those of whom nothing was heard. */
function membersText({ streams }: Status, width: number): string {
  const rows = streams
    .flatMap((stream) => stream.groups)
    .flatMap(({ stream, name, members }) =>
      members.list
        .filter(({ state }) => state !== "alive")
        .map((member) => [
          member.name,
          member.state,
          ageText(member.lastSignMs),
          member.pending,
          `${name} on ${stream}`,
        ]),
    );
  return rows.length === 0 ? "" : limited(["consumer", "state", "last sign", "holds", "group"], rows, width);
}

function lettersText({ streams }: Status, width: number): string {
  const rows = streams
    .flatMap((stream) => stream.groups)
    .flatMap(({ stream, name, letters }) =>
      letters.causes.map(({ reason, type, source, count, newestId }) => [
        ...[`${name} on ${stream}`, reason, type ?? NONE, source ?? NONE, count, newestId],
      ]),
    );
  return rows.length === 0
    ? ""
    : limited(["dead letters of", "reason", "type", "source", "count", "newest"], rows, width);
}

function servicesText({ services }: Status, width: number): string {
  const rows = services.map(({ name, status, version, silentMs, startedMs, stoppedMs }) => [
    ...[name, status ?? NONE, version ?? NONE, ageText(silentMs), ageText(startedMs), ageText(stoppedMs)],
  ]);
  return rows.length === 0
    ? ""
    : limited(["service", "health", "version", "reported", "started", "stopped"], rows, width);
}

/** A table of so many rows that a person reads. */
function limited(head: readonly string[], rows: readonly (readonly (string | number)[])[], width: number): string {
  const left = rows.length - MOST_ROWS;
  const text = table(head, rows.slice(0, MOST_ROWS), width);
  return left > 0 ? `${text}… and ${left} more: --format json has them all\n` : text;
}

function ageText(ms: number | null): string {
  return ms === null ? NONE : lengthOfTime(ms);
}
