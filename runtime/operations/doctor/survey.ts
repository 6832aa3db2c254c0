import { idAdvice, idState } from "../../broker/id-state.js";
import type { OpenLetters } from "../../broker/log.js";
import { type Config, prefixed } from "../../config/config.js";
import type { Client, Connection } from "../../redis/connection.js";
import { type StreamKeys, streamKeys } from "../../redis/keys.js";
import { groupsWithLag } from "../../redis/lag.js";
import { groupsOfLetters, openLetters } from "../../redis/letters.js";
import { instantIn } from "../../redis/redis-clock.js";
import { letterAdvice } from "../../service/letter-advice.js";
import { type Finding, failed } from "./finding.js";
import { examineGroup, examineRedriven, type GroupReport, isAbandoned, nameOf } from "./group.js";

type GroupLetters = OpenLetters & { readonly group: string };

const STREAMS = ["events", "commands", "notifications", "health"];

/** Reports on the streams of the configured environment and on who serves their groups. It only reads. */
export async function* survey(connection: Connection, config: Config): AsyncGenerator<Finding> {
  // All at once: a group of which nobody is heard is watched for some seconds.
  const findings = STREAMS.map((name) => surveyStream(connection, config, prefixed(config, name)));
  for (const finding of findings) yield await finding;
}

async function surveyStream(connection: Connection, config: Config, stream: string): Promise<Finding> {
  const check = `stream ${stream}`;
  try {
    const client = await connection.ready();
    const type = await client.type(stream);
    if (type !== "stream" && type !== "none") {
      return { check, verdict: "bad", text: `the key holds a ${type}, not a stream` };
    }
    return { check, ...(await describe(client, config, { stream, exists: type === "stream" })) };
  } catch (error) {
    return failed(check, error);
  }
}

/** Its dead letters, and what was redriven of them, stay when the stream itself is deleted. */
async function describe(
  client: Client,
  config: Config,
  { stream, exists }: { readonly stream: string; readonly exists: boolean },
): Promise<Omit<Finding, "check">> {
  const keys = streamKeys(stream, config.group);
  const [length, letters, counted, served, { groups: known, greatest }, time] = await Promise.all([
    client.xlen(stream),
    client.xlen(keys.dead),
    client.zcard(keys.index),
    client.zrange(keys.groups, "0", "-1"),
    exists ? groupsWithLag(client, stream) : { groups: [], greatest: undefined },
    client.time(),
  ]);
  const ids = idState(greatest, instantIn(time));
  const addressed = await groupsOfLetters(client, keys.index);
  const open = await openOf(client, keys, { groups: addressed, nowMs: instantIn(time) });
  const deadLetters = open.reduce((sum, { count }) => sum + count, 0);
  const isCounted = counted === letters;
  const advice = [idAdvice(stream, ids), ...open.map((each) => letterAdvice(config, each.group, each))];
  // A group whose stream is gone, or that was destroyed, may still have redriven entries.
  const everyName = [...new Set([...known.map(nameOf), ...addressed, ...served])];
  const [groups, redrivenToAny] = await Promise.all([
    Promise.all(known.map((group) => examineGroup(client, [stream, group], config.leaseMs))),
    Promise.all(everyName.map((name) => examineRedriven(client, [stream, name], config.leaseMs))),
  ]);
  const redriven = redrivenToAny.filter((report) => report !== undefined).map(named);
  const abandoned = [...groups, ...redriven].filter(isAbandoned).map(({ group }) => group);
  const remarks = [
    ...(letters === 0
      ? []
      : [
          `, ${count(letters, "dead letter")} in ${keys.dead}, ${isCounted ? `${deadLetters} of them open` : "to be counted with the next trim"}`,
        ]),
    ...(abandoned.length === 0 ? [] : [`; nobody does the work of ${abandoned.join(", ")}`]),
    ...advice.flatMap((each) => (each === undefined ? [] : [`; ${each}`])),
  ];
  const entries = length === 1 ? "1 entry" : `${length} entries`;
  const absent = letters === 0 && redriven.length === 0 ? "does not exist yet" : "does not exist";
  return {
    verdict:
      abandoned.length > 0 || ids === "exhausted"
        ? "bad"
        : deadLetters > 0 || !isCounted || ids === "ahead"
          ? "notable"
          : "good",
    text: `${exists ? `${entries}, ${count(groups.length, "group")}` : absent}${remarks.join("")}`,
    lines: [...groups, ...redriven].map(describeGroup).concat(open.map(describeLetters)),
  };
}

/** The open dead letters of each group that has any. */
async function openOf(
  client: Client,
  keys: StreamKeys,
  { groups, nowMs }: { readonly groups: readonly string[]; readonly nowMs: number },
): Promise<readonly GroupLetters[]> {
  const open = await Promise.all(
    groups.map(async (group) => ({ group, ...(await openLetters(client, keys, group, nowMs)) })),
  );
  return open.filter((each) => each.count > 0);
}

function named(report: GroupReport): GroupReport {
  return { ...report, group: `${report.group} (redriven)` };
}

function describeLetters({ group, count: open, oldestMs }: GroupLetters): string {
  return `${group}: ${count(open, "open dead letter")} (the oldest for ${seconds(oldestMs)})`;
}

function describeGroup({ group, lag, pending, oldestMs, parked, nextDueMs = 0, ...attendance }: GroupReport): string {
  const oldest = oldestMs === undefined ? "" : ` (the oldest for ${seconds(oldestMs)})`;
  const due = nextDueMs > 0 ? `the next due in ${seconds(nextDueMs)}` : `the next due for ${seconds(-nextDueMs)}`;
  const waiting = parked === 0 ? "" : `, ${parked} parked (${due})`;
  return `${group}: ${describeMembers(attendance)}; lag ${lag ?? "unknown"}, pending ${pending}${oldest}${waiting}`;
}

function describeMembers({
  alive,
  members,
  lastSeenMs,
}: Pick<GroupReport, "alive" | "members" | "lastSeenMs">): string {
  if (lastSeenMs === undefined) return "no consumer";
  return `${alive} of ${count(members, "consumer")} alive, last seen ${seconds(lastSeenMs)} ago`;
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${Math.max(0, Math.round(ms / 100) / 10)} s` : `${Math.round(ms / 1000)} s`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
