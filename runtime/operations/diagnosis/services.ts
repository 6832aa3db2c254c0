import { printable } from "../../contract/printable.js";
import type { ServiceStatus } from "../status/service-status.js";
import { countOf, lengthOfTime } from "../wording.js";
import { startProcess } from "./commands.js";
import type { Limits } from "./limits.js";
import type { Problem } from "./problem.js";
import type { Sickness } from "./sickness.js";

type Found = Problem | undefined;

/** A service is gone without having said so. */
export const isLost: Sickness = inEachService((service, { missedReports, silentMs: longest }): Found => {
  const { name, silentMs, intervalMs, startedMs, stoppedMs, isAlive } = service;
  const [code, command] = ["SERVICE_LOST", startProcess(name)] as const;
  if (hasStopped(service)) return undefined;
  const last = silentMs ?? startedMs;
  if (last === null) return undefined;
  const limit = intervalMs === null ? longest : Math.max(missedReports * intervalMs, 1000);
  const isSilent = silentMs !== null && silentMs > limit;
  if (isSilent && isAlive === true) {
    const sentence = `${printable(name)} has not reported its health for ${lengthOfTime(silentMs)}${each(intervalMs)}, though its consumers live`;
    return { severity: "warning", code, sentence, command: "look at the log of that service" };
  }
  if (isSilent) {
    const sentence = `${printable(name)} is lost: no report for ${lengthOfTime(silentMs)}${each(intervalMs)}, and it did not say that it stops`;
    return { severity: "critical", code, sentence, command };
  }
  if (silentMs !== null || isAlive !== false || startedMs === null) return undefined;
  const before = stoppedMs === null ? "" : ", after it had stopped before";
  const sentence = `${printable(name)} is lost: it started ${lengthOfTime(startedMs)} ago${before}, did not say that it stops, and none of its consumers lives`;
  return { severity: "critical", code, sentence, command };
});

/** A service says itself that it does not work. */
export const isUnhealthy: Sickness = inEachService((service): Found => {
  const { name, status, silentMs, heartbeatProblem } = service;
  if (hasStopped(service) || status === null) return undefined;
  const isBad = status !== "healthy" && status !== "unknown";
  if (!isBad && heartbeatProblem === null) return undefined;
  const why = heartbeatProblem === null ? "" : `; its heartbeats are not confirmed: ${printable(heartbeatProblem)}`;
  const sentence = `${printable(name)} reported ${printable(status)} ${lengthOfTime(silentMs ?? 0)} ago${why}`;
  return {
    severity: isBad ? "critical" : "warning",
    code: "SERVICE_UNHEALTHY",
    sentence,
    command: "look at the log of that service",
  };
});

/** Two members handled the same message: one of them was cut off for longer than its lease. */
export const wasOvertaken: Sickness = inEachService(({ name, overtaken, overtakenLately }): Found => {
  if (overtaken === 0) return undefined;
  const sentence = `a consumer of ${printable(name)} was cut off or stopped for longer than its lease: ${countOf(overtaken, "message")} that it was handling went to another member, so these were handled twice`;
  const severity = overtakenLately > 0 ? "warning" : "notice";
  return {
    severity,
    code: "MEMBER_OVERTAKEN",
    sentence,
    command: "look for pauses of that process (CPU limits, suspended machines, network), or raise CONSUMER_LEASE",
  };
});

function inEachService(find: (service: ServiceStatus, limits: Limits) => Found): Sickness {
  return ({ services }, limits) =>
    services.map((service) => find(service, limits)).filter((found) => found !== undefined);
}

/** Whether the last that it said is that it stops, and no other process of it is known. */
function hasStopped({ stoppedMs, startedMs, silentMs }: ServiceStatus): boolean {
  return stoppedMs !== null && startedMs === null && stoppedMs <= (silentMs ?? Number.POSITIVE_INFINITY);
}

function each(intervalMs: number | null): string {
  return intervalMs === null ? "" : ` (it did so every ${lengthOfTime(intervalMs)})`;
}
