import { HANDOVER, PARKED, type StreamKeys } from "../../redis/keys.js";
import type { MemberLook, MembersLook } from "../../redis/lua/group-look.js";
import { type EveryMember, membersLook } from "../../redis/lua/look.js";
import { field } from "../../redis/reply.js";
import type { Round } from "../../redis/round.js";
import type { MemberStatus, Members } from "./group-status.js";

/** More members than that are not looked at: no service has so many. */
export const MOST_MEMBERS = 10_000;
export const LONGEST_NAME = 1000;
/** Of so many a reader is shown each. */
export const LISTED = 100;
/** A member that has been silent for so many leases is dead: others take over after one and three looks. */
const LEASES_TO_DEATH = 3;

/** What Redis replies about the members of a group. */
export interface MemberReplies extends MembersLook {
  /** Until when a heartbeat says that the group is served, by Redis' clock. */
  readonly servedUntilMs: number;
}

/** How members of a group are judged. */
export interface Judgement {
  readonly nowMs: number;
  readonly leaseMs: number;
  /** The heartbeats that were not of then at the look before. */
  readonly before: ReadonlyMap<string, string> | undefined;
  /** When that was. */
  readonly beforeMs: number | undefined;
}

/** Asks for every member, where not all of a group is told at once. */
export async function askOfMembers(
  round: Round,
  { stream, alive, floor }: StreamKeys,
  group: string,
): Promise<MemberReplies> {
  const [{ consumers, beats }, served] = await Promise.all([
    round.mayRunScripts ? askBriefly(round, [stream, alive], group) : askPlainly(round, [stream, alive], group),
    round.ask<string>("HGET", floor, "served"),
  ]);
  const found = new Map<string, MemberLook>();
  for (let at = 0; at + 1 < beats.length; at += 2) {
    const [name = "", beat = ""] = beats.slice(at, at + 2);
    found.set(name, [name, null, 0, beat]);
  }
  for (const [name, idleMs, pending] of consumers) {
    found.set(name, [name, idleMs, pending, found.get(name)?.[3] ?? null]);
  }
  // No process has these names, whatever others have written.
  for (const name of [PARKED, HANDOVER]) found.delete(name);
  return { isCurrent: false, others: 0, list: [...found.values()], servedUntilMs: Number(served ?? 0) || 0 };
}

/** Without the long names that others may have written. */
async function askBriefly(round: Round, keys: readonly string[], group: string): Promise<EveryMember> {
  const { consumers, beats } = JSON.parse(
    (await round.run(membersLook, keys, [group, MOST_MEMBERS, LONGEST_NAME])) ?? "{}",
  );
  // An empty list of Lua is an object.
  return { consumers: Array.isArray(consumers) ? consumers : [], beats: Array.isArray(beats) ? beats : [] };
}

/** Without the right to scripts. */
async function askPlainly(
  round: Round,
  [stream = "", alive = ""]: readonly string[],
  group: string,
): Promise<EveryMember> {
  const [consumers = [], beats = []] = await Promise.all([
    round.ask<unknown[][]>("XINFO", "CONSUMERS", stream, group),
    round.ask<string[]>("ZRANGE", alive, 0, MOST_MEMBERS - 1, "WITHSCORES"),
  ]);
  const told = (info: unknown[]): EveryMember["consumers"][number] => {
    return [String(field(info, "name")), Number(field(info, "idle")), Number(field(info, "pending"))];
  };
  return { consumers: consumers.map(told), beats };
}

/** The heartbeats that are not of now, by the members' names. */
export function oddBeatsIn(
  { list }: MemberReplies,
  about: Pick<Judgement, "nowMs" | "leaseMs">,
): ReadonlyMap<string, string> {
  return new Map(
    list.flatMap(([name, , , beat]) => (beat === null || isOf(about.nowMs, beat, about) ? [] : [[name, beat]])),
  );
}

/** Whether a heartbeat is of a time. */
function isOf(timeMs: number, beat: string, { leaseMs }: Pick<Judgement, "leaseMs">): boolean {
  return Math.abs(timeMs - Number(beat)) <= leaseMs;
}

/** Whether a heartbeat of any member has said so. */
export function isServed(replies: MemberReplies, { nowMs, leaseMs }: Judgement): boolean {
  const { servedUntilMs, others, list } = replies;
  // Who leaves in order takes nothing of that back, but its name.
  if (others === 0 && list.length === 0) return false;
  // Whatever others have written, none says so for longer than an hour, or its own lease.
  return servedUntilMs > nowMs && servedUntilMs < nowMs + Math.max(leaseMs, 3_600_000);
}

/** Who of a group is there. */
export function membersOf(replies: MemberReplies, judgement: Judgement): Members {
  const { nowMs, leaseMs } = judgement;
  const clockMs = isServed(replies, judgement) ? clockOf(replies, judgement) : nowMs;
  const members = replies.list.map((look): MemberStatus => {
    const [name, , pending, beat] = look;
    const lastSignMs = lastSignOf(look, clockMs, judgement);
    const state = lastSignMs <= leaseMs ? "alive" : lastSignMs <= LEASES_TO_DEATH * leaseMs ? "silent" : "dead";
    const isKnown = Number.isFinite(lastSignMs);
    return { name, state, lastSignMs: isKnown ? lastSignMs : null, pending, hasHeartbeat: beat !== null };
  });
  return summary(members, replies.others);
}

/** The time since anything was heard of a member. */
function lastSignOf([name, idleMs, , beat]: MemberLook, clockMs: number, judgement: Judgement): number {
  const { nowMs, before, beforeMs = nowMs } = judgement;
  const idle = idleMs ?? Number.POSITIVE_INFINITY;
  if (beat === null) return idle;
  const silent = Math.abs(clockMs - Number(beat));
  const sign = Math.round(Number.isNaN(silent) ? idle : Math.min(idle, silent));
  if (before === undefined || isOf(nowMs, beat, judgement)) return sign;
  const earlier = before.get(name);
  // One that was written since the look before proves life, whatever the clocks say. What was then no odd one was of then, or not there.
  const isNew = earlier === undefined ? !isOf(beforeMs, beat, judgement) : beat !== earlier;
  return isNew ? Math.min(sign, nowMs - beforeMs) : sign;
}

/**
 * The time by the clocks of members, which may be wrong: if their group is served, and none of their heartbeats is of now by
 * Redis' clock, the newest of them is.
 */
function clockOf({ isCurrent, list }: MemberReplies, judgement: Judgement): number {
  const { nowMs } = judgement;
  if (isCurrent || list.some(([, , , beat]) => beat !== null && isOf(nowMs, beat, judgement))) return nowMs;
  const times = list.flatMap(([, , , beat]) => (beat === null ? [] : [Number(beat)])).filter(Number.isFinite);
  return times.length === 0 ? nowMs : times.reduce((a, b) => Math.max(a, b));
}

const ORDER = { dead: 0, silent: 1, alive: 2 } as const;

/** @param others - how many more are alive */
function summary(members: readonly MemberStatus[], others: number): Members {
  const count = (state: MemberStatus["state"]): number => members.filter((member) => member.state === state).length;
  const list = [...members].sort(
    (a, b) => ORDER[a.state] - ORDER[b.state] || b.pending - a.pending || (a.name < b.name ? -1 : 1),
  );
  return {
    total: members.length + others,
    alive: count("alive") + others,
    silent: count("silent"),
    dead: count("dead"),
    list: list.slice(0, LISTED),
  };
}
