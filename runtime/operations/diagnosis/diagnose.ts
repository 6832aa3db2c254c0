import { printable } from "../../contract/printable.js";
import type { Status } from "../status/status.js";
import { lengthOfTime } from "../wording.js";
import {
  clusterIsDown,
  masterIsAlone,
  masterIsAway,
  nodeIsIsolated,
  replicaIsAway,
  replicaIsUnlinked,
  slotsAreUncovered,
  streamsAreUnseen,
} from "./cluster.js";
import { resume } from "./commands.js";
import {
  fallsBehind,
  isDead,
  isOverdue,
  isPoisoned,
  isRedrivenUnserved,
  isSlow,
  isUnserved,
  waitsForHandler,
} from "./groups.js";
import { areEnding, areOpen, areUncounted, breaksContract, killed } from "./letters.js";
import { LIMITS, type Limits } from "./limits.js";
import type { Problem, Severity } from "./problem.js";
import {
  clockIsWrong,
  doesNotSave,
  evicts,
  full,
  isReplica,
  refusesConnections,
  replicaIsBehind,
  rightIsMissing,
} from "./redis.js";
import { isLost, isUnhealthy, wasOvertaken } from "./services.js";
import type { Sickness } from "./sickness.js";
import { areMissing, hasBadIds, hasUnhandledTypes, hasWrongType, isUnread } from "./streams.js";

/** Something is paused on purpose. */
const isPaused: Sickness = (status, { pausedMs }) =>
  status.paused.map(({ stream, group, type, sinceMs, endsInMs, who, why }) => {
    const what = type === null ? printable(group) : `${printable(type)} of ${printable(group)}`;
    const since = sinceMs === null ? "" : ` for ${lengthOfTime(sinceMs)}`;
    const by = who === null || who === "" ? "" : ` by ${printable(who)}`;
    const because = why === null ? "" : ` (${printable(why)})`;
    const end = endsInMs === null ? "until it is resumed" : `for ${lengthOfTime(endsInMs)} more`;
    const isForgotten = endsInMs === null && (sinceMs ?? 0) > pausedMs;
    const severity = isForgotten ? "warning" : "notice";
    const sentence = `${what} on ${printable(stream)} is paused${by}${since}${because}, ${end}${isForgotten ? "; it may be forgotten" : ""}`;
    const command = resume(status, { stream, name: group }, type);
    return { severity, code: "GROUP_PAUSED", sentence, command, stream, group };
  });

/** What may be wrong, the worst first: of two of one severity the earlier is more likely to be the cause of the other. */
const SICKNESSES: readonly Sickness[] = [
  ...[masterIsAway, slotsAreUncovered, streamsAreUnseen, clusterIsDown, nodeIsIsolated],
  ...[hasWrongType, evicts, full, doesNotSave, isReplica, refusesConnections],
  ...[hasBadIds, isPoisoned, killed, isDead, isUnserved, isUnread, isRedrivenUnserved, isOverdue, isLost, isUnhealthy],
  ...[isSlow, fallsBehind, waitsForHandler, wasOvertaken, areEnding, areOpen, breaksContract, hasUnhandledTypes],
  ...[
    clockIsWrong,
    replicaIsBehind,
    replicaIsAway,
    replicaIsUnlinked,
    masterIsAlone,
    rightIsMissing,
    areMissing,
    isPaused,
    areUncounted,
  ],
];

const WORST_FIRST: readonly Severity[] = ["critical", "warning", "notice"];

/**
 * Says what is wrong in what a look has shown, the most severe first, and what mends it. It asks nobody, and the same status
 * gives the same answer.
 *
 * @param limits - from where on something counts as wrong, where the defaults do not suit
 * @example
 * const [worst] = diagnose(await readStatus());
 * if (worst !== undefined) console.log(worst.sentence, worst.command);
 */
export function diagnose(status: Status, limits: Partial<Limits> = {}): readonly Problem[] {
  const effective = { ...LIMITS, ...limits };
  const found = SICKNESSES.flatMap((find) => find(status, effective));
  return WORST_FIRST.flatMap((severity) => found.filter((problem) => problem.severity === severity));
}
