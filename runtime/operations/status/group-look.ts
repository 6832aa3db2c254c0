import { ageOf } from "../../broker/entry-id.js";
import { redriveKeys, type StreamKeys, streamKeys } from "../../redis/keys.js";
import { indexedId } from "../../redis/letters.js";
import { type GroupLook, groupLook } from "../../redis/lua/group-look.js";
import { type LettersLook, type StreamLook, streamLook, typesLook } from "../../redis/lua/look.js";
import { field } from "../../redis/reply.js";
import type { Round } from "../../redis/round.js";
import type { GroupLetters, GroupStatus, WorkStatus } from "./group-status.js";
import {
  askOfMembers,
  isServed,
  type Judgement,
  LISTED,
  LONGEST_NAME,
  type MemberReplies,
  MOST_MEMBERS,
  membersOf,
} from "./members-look.js";
import { askOfPauses, LONGEST_RECORD, type PauseRecords, recordsIn } from "./pause-look.js";
import type { StreamReplies } from "./stream-look.js";
import { askOfWork, type WorkReplies, workOf } from "./work-look.js";

const MOST_TYPES_BYTES = 1024 * 1024;
/** Of more groups of a stream nobody is told: no system has so many. */
const MOST_GROUPS = 1000;

/** A group as the first replies name it. */
export interface GroupPlace {
  readonly name: string;
  readonly keys: StreamKeys;
  readonly stream: StreamReplies;
  /** As `XINFO GROUPS` tells it; `undefined` when the group is gone, and only letters or redriven entries of it are left. */
  readonly info: readonly unknown[] | undefined;
  readonly letters: LettersLook | undefined;
}

/** What Redis replies about a group. */
export interface GroupReplies {
  readonly members: MemberReplies;
  readonly work: WorkReplies;
  /** Records of handled types; `undefined` without the right to scripts. */
  readonly types: readonly string[] | undefined;
  readonly pauses: PauseRecords;
  readonly hasRedriven: boolean;
}

/** What Redis replies about what was redriven to a group. */
interface RedrivenReplies {
  readonly work: WorkReplies;
  readonly look: StreamLook | undefined;
  readonly groups: readonly (readonly unknown[])[];
}

/** The groups of a stream, those among them that are gone and have left something. */
export function groupsIn(stream: StreamReplies): readonly GroupPlace[] {
  const known = new Map(stream.groups.map((info) => [String(field(info, "name")), info]));
  const letters = new Map((stream.letters ?? []).map((look) => [look[0], look]));
  // Those come first that members of this package serve: others may have created any number.
  const served = stream.served.filter((name) => known.has(name));
  const names = new Set([...served, ...known.keys(), ...letters.keys(), ...stream.served]);
  return [...names].slice(0, MOST_GROUPS).map((name) => ({
    name,
    keys: streamKeys(stream.name, name),
    stream,
    info: known.get(name),
    letters: letters.get(name),
  }));
}

/** Asks all of a group with one script. `undefined` when Redis refuses any of it. */
export async function askAtOnce(
  round: Round,
  { keys, name }: GroupPlace,
  { nowMs, leaseMs }: Pick<Judgement, "nowMs" | "leaseMs">,
): Promise<GroupReplies | undefined> {
  const { stream, alive, floor, retry, handover, types, paused, redrive } = keys;
  const text = await round.run(
    groupLook,
    [stream, alive, floor, retry, handover, types, paused, redrive],
    [name, nowMs, leaseMs, MOST_MEMBERS, LISTED, LONGEST_NAME, MOST_TYPES_BYTES, LONGEST_RECORD],
  );
  if (text === undefined) return undefined;
  const look = JSON.parse(text) as GroupLook;
  return {
    members: { ...look.members, list: listIn(look.members.list), servedUntilMs: Number(look.served) || 0 },
    work: { parked: look.parked, next: listIn(look.next), handover: look.handover, oldest: look.oldest },
    types: listIn(look.types),
    pauses: recordsIn(listIn(look.pauses)),
    hasRedriven: look.redriven > 0,
  };
}

/** Asks for each of it on its own. What Redis refuses is left out. */
export async function askPlainly(round: Round, { keys, name }: GroupPlace): Promise<GroupReplies> {
  const [members, work, types, pauses, redriven] = await Promise.all([
    askOfMembers(round, keys, name),
    askOfWork(round, keys, name),
    round.run(typesLook, [keys.types], [MOST_MEMBERS, MOST_TYPES_BYTES]),
    askOfPauses(round, keys),
    round.ask<number>("XLEN", keys.redrive),
  ]);
  return { members, work, types, pauses: pauses ?? {}, hasRedriven: (redriven ?? 0) > 0 };
}

export async function askOfRedriven(round: Round, { keys: own, name }: GroupPlace): Promise<RedrivenReplies> {
  const keys = redriveKeys(own, name);
  const [work, look, groups] = await Promise.all([
    askOfWork(round, keys, name),
    round.run(streamLook, [keys.stream], []),
    round.ask<unknown[][]>("XINFO", "GROUPS", keys.stream),
  ]);
  return { work, look: look ?? undefined, groups: groups ?? [] };
}

/** A group without what its members hold. */
export function groupOf(
  { name, stream, info, letters }: GroupPlace,
  { members, work }: GroupReplies,
  about: Judgement & { readonly suffix: string },
): Omit<GroupStatus, "held" | "redriven" | "lagPerSecond"> {
  const { nowMs, suffix } = about;
  return {
    stream: stream.name,
    name,
    service: name.endsWith(suffix) ? name.slice(0, -suffix.length) : name,
    isGone: info === undefined,
    ...(info === undefined ? NO_WORK : workOf(work, info, { look: stream.look, nowMs })),
    isServed: isServed(members, about),
    members: membersOf(members, about),
    letters: lettersOf(letters, stream.letters !== undefined, nowMs),
  };
}

/** `null` when nothing of it is to do. */
export function redrivenOf({ work, look, groups }: RedrivenReplies, name: string, nowMs: number): WorkStatus | null {
  const info = groups.find((each) => field(each, "name") === name);
  const status = workOf(work, info, { look, nowMs });
  return status.isBehind || status.pending > 0 ? status : null;
}

/** An empty list of Lua is an empty object. */
function listIn<Item>(list: readonly Item[]): readonly Item[] {
  return Array.isArray(list) ? list : [];
}

/** Of a group that is gone. */
const NO_WORK: WorkStatus = {
  ...{ lag: 0, isBehind: false, pending: 0, oldestPendingMs: null },
  ...{ parked: 0, nextDueMs: null, handover: 0 },
};

function lettersOf(look: LettersLook | undefined, isKnown: boolean, nowMs: number): GroupLetters {
  if (look === undefined) return { open: isKnown ? 0 : null, oldestMs: null, causes: [], sampled: 0 };
  const [, open, oldest, newest] = look;
  const causes = new Map<string, { count: number } & Omit<GroupLetters["causes"][number], "count">>();
  for (const [newestId, reason, type, source] of newest) {
    const key = JSON.stringify([reason, type, source]);
    const known = causes.get(key);
    if (known !== undefined) known.count++;
    else causes.set(key, { reason, type: type || null, source: source || null, count: 1, newestId });
  }
  const id = indexedId(oldest);
  return {
    open,
    oldestMs: id === undefined ? null : ageOf(id, nowMs),
    causes: [...causes.values()].sort((a, b) => b.count - a.count),
    sampled: newest.length,
  };
}
