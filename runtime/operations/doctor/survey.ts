import type { Config } from "../../config/config.js";
import { diagnose } from "../diagnosis/diagnose.js";
import type { Problem } from "../diagnosis/problem.js";
import type { Routes } from "../routes.js";
import type { ClusterStatus, NodeStatus } from "../status/cluster-status.js";
import type { GroupStatus, Members, WorkStatus } from "../status/group-status.js";
import { lookAtInstallation } from "../status/installation-look.js";
import { planOf } from "../status/plan.js";
import type { RedisStatus } from "../status/redis-status.js";
import type { Status, StreamStatus } from "../status/status.js";
import { countOf, lengthOfTime, sizeOf } from "../wording.js";
import type { Finding } from "./finding.js";

const OF_CLUSTER = /^(MASTER_|SLOTS_|CLUSTER_|NODE_|STREAM_UNSEEN|REPLICA_(AWAY|UNLINKED))/;
const VERDICTS = { critical: "bad", warning: "notable", notice: "notable" } as const;

/** Reports on Redis, the streams of the configured environment and who serves their groups. It only reads. */
export async function* survey(routes: Routes, config: Config): AsyncGenerator<Finding> {
  const { status } = await lookAtInstallation(routes, planOf(config), undefined);
  const problems = diagnose(status);
  const of = (codes: RegExp): readonly Problem[] => problems.filter(({ code }) => codes.test(code));
  if (status.cluster !== null) yield clusterFinding(status.cluster, of(OF_CLUSTER));
  yield finding("clock", "in sync with Redis", of(/^CLOCK_/));
  yield finding("eviction", "Redis evicts nothing", of(/^REDIS_EVICTS$/));
  yield finding("state of Redis", "as it should be", of(/^(REDIS_(?!EVICTS)|REPLICA_BEHIND|CONNECTIONS_|RIGHT_)/));
  for (const stream of status.streams) yield surveyOf(stream, problems);
  if (status.services.length > 0) yield finding("services", servicesText(status), of(/^(SERVICE|MEMBER)_/));
}

function surveyOf(stream: StreamStatus, problems: readonly Problem[]): Finding {
  const own = problems.filter((problem) => problem.stream === stream.name);
  return finding(`stream ${stream.name}`, streamText(stream), own, stream.groups.flatMap(groupLines));
}

function clusterFinding({ nodes, epoch, state }: ClusterStatus, problems: readonly Problem[]): Finding {
  const text = `${state === "ok" ? "up" : "down"}, ${countOf(nodes.length, "node")}, epoch ${epoch}`;
  return finding("cluster", text, problems, nodes.map(nodeLine));
}

function nodeLine({ address, role, master, slots, problem, epoch, redis }: NodeStatus): string {
  const what = `${role ?? strayName(redis)} ${address}${master === null ? "" : ` of ${master}`}`;
  if (problem !== null) return `${what}: ${problem}`;
  const lag = redis?.replicaLagBytes ?? null;
  const replication =
    role === "replica"
      ? [redis?.masterLinkUp === false ? "its link to the master is down" : "linked"]
      : [countOf(redis?.replicas ?? 0, "replica"), ...(lag === null ? [] : [`the last ${sizeOf(lag)} behind`])];
  const served = slots === 0 ? [] : [countOf(slots, "slot")];
  return `${what}: ${[...served, ...replication, `epoch ${epoch ?? "unknown"}`].join(", ")}`;
}

/** What a node is that the cluster does not list among those that serve slots. */
function strayName(redis: RedisStatus | null): string {
  if (redis === null) return "node";
  return redis.role === "replica" ? "replica, not listed," : "node without slots";
}

/** What is as it should be, or what is wrong: the worst in the text, the rest in lines. */
function finding(check: string, good: string, problems: readonly Problem[], lines: readonly string[] = []): Finding {
  const [worst, ...others] = problems;
  const told = [...lines, ...others.map(sentenceOf)];
  const text =
    worst === undefined
      ? good
      : lines.length > 0 || check.startsWith("stream")
        ? `${good}; ${sentenceOf(worst)}`
        : sentenceOf(worst);
  const verdict = worst === undefined ? "good" : VERDICTS[worst.severity];
  return told.length === 0 ? { check, verdict, text } : { check, verdict, text, lines: told };
}

function sentenceOf({ sentence, command }: Problem): string {
  return command === undefined ? sentence : `${sentence}: ${command}`;
}

/** Its dead letters, and what was redriven of them, stay when the stream itself is deleted. */
function streamText({ keyType, length, groups, letters }: StreamStatus): string {
  const isGone = letters.total > 0 || groups.length > 0;
  const entries = `${countOf(length, "entry")}, ${countOf(groups.filter(({ isGone }) => !isGone).length, "group")}`;
  const absent = isGone ? "does not exist" : "does not exist yet";
  const what = keyType === "stream" ? entries : keyType === "none" ? absent : `is a ${keyType}`;
  if (letters.total === 0) return what;
  return `${what}, ${countOf(letters.total, "dead letter")}, ${letters.open ?? "an unknown number"} of them open`;
}

function groupLines({ name, isGone, members, redriven, ...work }: GroupStatus): string[] {
  const own = isGone ? `${name}: the group is gone` : `${name}: ${membersText(members)}; ${workText(work)}`;
  return redriven === null ? [own] : [own, `${name} (redriven): ${workText(redriven)}`];
}

function workText({ lag, pending, oldestPendingMs, parked, nextDueMs }: WorkStatus): string {
  const oldest = oldestPendingMs === null ? "" : ` (the oldest for ${lengthOfTime(oldestPendingMs)})`;
  const due =
    nextDueMs === null || parked === 0
      ? ""
      : ` (the next due ${nextDueMs > 0 ? "in" : "for"} ${lengthOfTime(Math.abs(nextDueMs))})`;
  return `lag ${lag ?? "unknown"}, pending ${pending}${oldest}${parked === 0 ? "" : `, ${parked} parked${due}`}`;
}

function membersText({ alive, total, list }: Members): string {
  if (total === 0) return "no consumer";
  const last = Math.min(...list.map(({ lastSignMs }) => lastSignMs ?? Number.POSITIVE_INFINITY));
  const seen = Number.isFinite(last) ? `last seen ${lengthOfTime(last)} ago` : "never seen";
  return `${alive} of ${countOf(total, "consumer")} alive, ${seen}`;
}

function servicesText({ services }: Status): string {
  return services.map(({ name, status }) => (status === null ? name : `${name} is ${status}`)).join(", ");
}
