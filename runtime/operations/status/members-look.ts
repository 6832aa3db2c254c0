import { HANDOVER, PARKED, type StreamKeys } from "../../redis/keys.js";
import { type MembersLook, membersLook } from "../../redis/lua/look.js";
import { field } from "../../redis/reply.js";
import type { Round } from "../../redis/round.js";
import type { MemberStatus, Members } from "./group-status.js";

/** More members than that are not looked at: no service has so many. */
const MOST_MEMBERS = 10_000;
const LONGEST_NAME = 1000;
const LISTED = 100;
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
  /** The heartbeats of the look before. */
  readonly before: ReadonlyMap<string, string> | undefined;
  /** When that was. */
  readonly beforeMs: number | undefined;
}

export async function askOfMembers(
  round: Round,
  { stream, alive, floor }: StreamKeys,
  group: string,
): Promise<MemberReplies> {
  const [look, served] = await Promise.all([
    round.mayRunScripts ? askAtOnce(round, [stream, alive], group) : askPlainly(round, [stream, alive], group),
    round.ask<string>("HGET", floor, "served"),
  ]);
  return { ...look, servedUntilMs: Number(served ?? 0) || 0 };
}

async function askAtOnce(round: Round, keys: readonly string[], group: string): Promise<MembersLook> {
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
): Promise<MembersLook> {
  const [consumers = [], beats = []] = await Promise.all([
    round.ask<unknown[][]>("XINFO", "CONSUMERS", stream, group),
    round.ask<string[]>("ZRANGE", alive, 0, MOST_MEMBERS - 1, "WITHSCORES"),
  ]);
  const told = (info: unknown[]): MembersLook["consumers"][number] => {
    return [String(field(info, "name")), Number(field(info, "idle")), Number(field(info, "pending"))];
  };
  return { consumers: consumers.map(told), beats };
}

/** Each member's heartbeat, by its name. */
export function beatsIn({ beats }: MemberReplies): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < beats.length; at += 2) found.set(beats[at] as string, beats[at + 1] as string);
  // No process has these names, whatever others have written.
  for (const name of [PARKED, HANDOVER]) found.delete(name);
  return found;
}

/** Whether a heartbeat of any member has said so. */
export function isServed(replies: MemberReplies, { nowMs, leaseMs }: Judgement): boolean {
  const { servedUntilMs, consumers, beats } = replies;
  // Who leaves in order takes nothing of that back, but its name.
  if (consumers.every(([name]) => isStandIn(name)) && beats.length === 0) return false;
  // Whatever others have written, none says so for longer than an hour, or its own lease.
  return servedUntilMs > nowMs && servedUntilMs < nowMs + Math.max(leaseMs, 3_600_000);
}

/** Who of a group is there. */
export function membersOf(replies: MemberReplies, beats: ReadonlyMap<string, string>, judgement: Judgement): Members {
  const { nowMs, leaseMs, before, beforeMs = nowMs } = judgement;
  const clockMs = isServed(replies, judgement) ? clockOf(beats, judgement) : nowMs;
  const seen = new Map<string, { readonly idleMs: number; readonly pending: number }>();
  for (const [name, idleMs, pending] of replies.consumers) if (!isStandIn(name)) seen.set(name, { idleMs, pending });
  const members = [...new Set([...seen.keys(), ...beats.keys()])].map((name): MemberStatus => {
    const { idleMs = Number.POSITIVE_INFINITY, pending = 0 } = seen.get(name) ?? {};
    const [beat, earlier] = [beats.get(name), before?.get(name)];
    const signs = [idleMs];
    if (beat !== undefined) signs.push(Math.abs(clockMs - Number(beat)));
    // A heartbeat that has changed proves life, whatever the clocks say.
    if (earlier !== undefined && beat !== earlier) signs.push(nowMs - beforeMs);
    const lastSignMs = Math.round(Math.min(...signs.filter((ms) => !Number.isNaN(ms))));
    const state = lastSignMs <= leaseMs ? "alive" : lastSignMs <= LEASES_TO_DEATH * leaseMs ? "silent" : "dead";
    const hasHeartbeat = beat !== undefined;
    return { name, state, lastSignMs: Number.isFinite(lastSignMs) ? lastSignMs : null, pending, hasHeartbeat };
  });
  return summary(members);
}

/**
 * The time by the clocks of members, which may be wrong: if their group is served, and none of their heartbeats is of now by
 * Redis' clock, the newest of them is.
 */
function clockOf(beats: ReadonlyMap<string, string>, { nowMs, leaseMs }: Judgement): number {
  const times = [...beats.values()].map(Number).filter(Number.isFinite);
  if (times.length === 0 || times.some((time) => Math.abs(nowMs - time) <= leaseMs)) return nowMs;
  return times.reduce((a, b) => Math.max(a, b));
}

/** No process has these names. */
function isStandIn(name: string): boolean {
  return name === PARKED || name === HANDOVER;
}

const ORDER = { dead: 0, silent: 1, alive: 2 } as const;

function summary(members: readonly MemberStatus[]): Members {
  const count = (state: MemberStatus["state"]): number => members.filter((member) => member.state === state).length;
  const list = [...members].sort(
    (a, b) => ORDER[a.state] - ORDER[b.state] || b.pending - a.pending || (a.name < b.name ? -1 : 1),
  );
  return {
    total: members.length,
    alive: count("alive"),
    silent: count("silent"),
    dead: count("dead"),
    list: list.slice(0, LISTED),
  };
}
