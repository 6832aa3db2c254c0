import { printable } from "../../contract/printable.js";
import type { GroupStatus, WorkStatus } from "../status/group-status.js";
import { countOf, lengthOfTime, shellWord } from "../wording.js";
import { bury, retireGroup, retryNow, startProcess, streamCli } from "./commands.js";
import { inEachGroup, isPaused, type Sickness } from "./sickness.js";

const LONG_AGO_MS = 86_400_000;

/** Nobody does the work of a group, and no consumer is left in it. */
export const isUnserved: Sickness = inEachGroup((group, { status, limits }) => {
  if (isAnyoneThere(group) || group.members.total > 0 || !hasWork(group)) return undefined;
  if (isOverdueOnly(group, limits.overdueMs)) return undefined;
  const { stream, name, service } = group;
  const sentence = `nobody serves ${shown(name)} on ${shown(stream)}: ${workOf(group)}, and no consumer is there; start ${shown(service)}, or retire the group if that service is gone for good (${retireGroup(status, group)})`;
  return { severity: "critical", code: "GROUP_UNSERVED", sentence, command: startProcess(service) };
});

/** Consumers died, and what they held waits. */
export const isDead: Sickness = inEachGroup((group, { status }) => {
  const { members, stream, name, service } = group;
  const gone = members.list.filter(({ state }) => state !== "alive");
  const held = gone.reduce((sum, { pending }) => sum + pending, 0);
  const code = "CONSUMER_DEAD";
  const last = gone.reduce<number | null>((min, { lastSignMs }) => least(min, lastSignMs), null);
  const seen = last === null ? "never seen" : `last seen ${lengthOfTime(last)} ago`;
  if (members.total > 0 && members.alive === 0 && !group.isServed) {
    if (!hasWork(group)) return undefined;
    const who =
      members.total === 1
        ? `the only consumer of ${shown(name)}`
        : `all ${countOf(members.total, "consumer")} of ${shown(name)}`;
    const retire =
      last !== null && last > LONG_AGO_MS ? `; if that service is gone for good: ${retireGroup(status, group)}` : "";
    const sentence = `${who} on ${shown(stream)} died (${seen}): ${workOf(group)}${heldText(held)}, and nobody takes them${retire}`;
    return { severity: "critical", code, sentence, command: startProcess(service) };
  }
  if (held === 0) return undefined;
  const isOurs = gone.every(({ pending, hasHeartbeat }) => pending === 0 || hasHeartbeat);
  const what = isOurs
    ? "the others take them over when its lease has ended"
    : "it has no heartbeat, as a consumer in another language has none, so nobody takes them over: set CONSUMER_FOREIGN_IDLE";
  const whom = gone.filter(({ pending }) => pending > 0).map((member) => shown(member.name));
  const sentence = `${countOf(whom.length, "consumer")} of ${shown(name)} on ${shown(stream)} died (${seen}) with ${countOf(held, "entry")} in hand; ${what}`;
  const command = streamCli(status, `xinfo consumers ${shellWord(stream)} ${shellWord(name)}`);
  return { severity: "warning", code, sentence, command };
});

/** Retries are due, and nobody takes them. */
export const isOverdue: Sickness = inEachGroup((group, { status, limits }) => {
  const { nextDueMs, parked, stream, name, service } = group;
  if (isPaused(status, group) || nextDueMs === null || -nextDueMs <= limits.overdueMs) return undefined;
  const nobody = !isAnyoneThere(group);
  const why = nobody ? "nobody serves the group" : "its consumers do not take them";
  const sentence = `retries of ${shown(name)} on ${shown(stream)} are stuck: ${countOf(parked, "entry")} parked, the first overdue for ${lengthOfTime(-nextDueMs)}, and ${why}`;
  return {
    severity: "critical",
    code: "RETRY_OVERDUE",
    sentence,
    command: nobody ? startProcess(service) : retryNow(status, group),
  };
});

/** What an operator redrove waits for a member. */
export const isRedrivenUnserved: Sickness = inEachGroup((group) => {
  const { redriven, stream, name, service } = group;
  if (redriven === null || !hasWork(redriven) || isAnyoneThere(group)) return undefined;
  const sentence = `nobody serves what was redriven to ${shown(name)} on ${shown(stream)}: ${workOf(redriven)}`;
  return { severity: "critical", code: "REDRIVEN_UNSERVED", sentence, command: startProcess(service) };
});

/** A message ends the processes that handle it. */
export const isPoisoned: Sickness = inEachGroup((group, { status, limits }) => {
  const { held, stream, name } = group;
  const [worst] = held
    .filter(({ deaths }) => deaths !== null && deaths >= limits.deaths)
    .sort((a, b) => (b.deaths ?? 0) - (a.deaths ?? 0));
  if (worst === undefined) return undefined;
  const sentence = `the message ${shown(worst.id)} of ${shown(stream)} kills consumers of ${shown(name)}: ${worst.deaths} died while they handled it; it becomes a dead letter (POISONOUS) when it has killed enough, or now by this command`;
  return { severity: "critical", code: "MESSAGE_POISONOUS", sentence, command: bury(status, group, worst.id) };
});

/** A handler takes long, and others wait behind it. */
export const isSlow: Sickness = inEachGroup((group, { status, limits }) => {
  const { held, lag, isBehind, members, stream, name, service } = group;
  const alive = new Set(members.list.filter(({ state }) => state === "alive").map((member) => member.name));
  // One that has failed may wait for its next attempt.
  const slow = held.filter(
    ({ member, heldMs, failures }) => alive.has(member) && heldMs > limits.heldMs && (failures ?? 0) === 0,
  );
  const [worst] = slow.sort((a, b) => b.heldMs - a.heldMs);
  if (worst === undefined || isPaused(status, group)) return undefined;
  const behind = isBehind
    ? `, and ${lag === null ? "an unknown number of entries wait" : `${countOf(lag, "entry")} wait`} unread${grows(group)}`
    : "";
  const sentence = `handlers of ${shown(service)} are slow: ${countOf(members.alive, "consumer")} of ${shown(name)} on ${shown(stream)} ${members.alive === 1 ? "lives" : "live"}, but one has held ${worst.id} for ${lengthOfTime(worst.heldMs)}${behind}; if every message takes long, start another process of ${shown(service)}; if this one alone does, make it a dead letter, and the others go on`;
  return { severity: "warning", code: "HANDLER_SLOW", sentence, command: bury(status, group, worst.id) };
});

/** More is published than is handled. */
export const fallsBehind: Sickness = inEachGroup((group, { status, limits }) => {
  const { lag, lagPerSecond, members, stream, name, service } = group;
  if (lag === null || lagPerSecond === null || lagPerSecond < limits.lagPerSecond) return undefined;
  if (members.alive === 0 || isPaused(status, group)) return undefined;
  const sentence = `${shown(name)} on ${shown(stream)} falls behind: ${countOf(lag, "entry")} wait${grows(group)}, though ${countOf(members.alive, "consumer")} ${members.alive === 1 ? "lives" : "live"}`;
  return {
    severity: "warning",
    code: "LAG_GROWING",
    sentence,
    command: `start another process of ${shown(service)}, or raise its concurrency`,
  };
});

/** Entries wait for a member that handles their type. */
export const waitsForHandler: Sickness = inEachGroup((group, { status, limits }) => {
  const { handover, oldestPendingMs, stream, name, service } = group;
  if (handover === 0 || (oldestPendingMs ?? 0) < limits.heldMs || isPaused(status, group)) return undefined;
  const sentence = `${countOf(handover, "entry")} of ${shown(stream)} wait for a consumer of ${shown(name)} that handles their type, the oldest pending for ${lengthOfTime(oldestPendingMs ?? 0)}`;
  return {
    severity: "warning",
    code: "HANDOVER_WAITING",
    sentence,
    command: `${startProcess(service)} of the version that handles them`,
  };
});

const shown = printable;

function hasWork({ isBehind, pending }: WorkStatus): boolean {
  return isBehind || pending > 0;
}

function isAnyoneThere({ isServed, members }: GroupStatus): boolean {
  return isServed || members.alive > 0;
}

/** Whether all that a group has to do is to retry what is overdue: that is a sickness of its own. */
function isOverdueOnly({ isBehind, pending, parked, nextDueMs }: GroupStatus, overdueMs: number): boolean {
  return !isBehind && pending === parked && nextDueMs !== null && -nextDueMs > overdueMs;
}

function workOf({ lag, isBehind, pending, parked }: WorkStatus): string {
  const unread =
    lag === null
      ? isBehind
        ? ["an unknown number of entries unread"]
        : []
      : lag === 0
        ? []
        : [`${countOf(lag, "entry")} unread`];
  const open = pending - parked;
  return [
    ...unread,
    ...(open > 0 ? [`${countOf(open, "entry")} pending`] : []),
    ...(parked > 0 ? [`${countOf(parked, "entry")} parked`] : []),
  ].join(", ");
}

function heldText(held: number): string {
  return held === 0 ? "" : `, ${held.toLocaleString("en")} of them in its hands`;
}

function grows({ lagPerSecond }: GroupStatus): string {
  return lagPerSecond !== null && lagPerSecond > 0 ? ` (${lagPerSecond.toPrecision(2)} more each second)` : "";
}

function least(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.min(one, other);
}
