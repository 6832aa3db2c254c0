import type { Rounds } from "../../redis/round.js";
import type { GroupPlace, GroupReplies } from "./group-look.js";
import { askAtOnce, askOfRedriven, askPlainly, groupOf, groupsIn, redrivenOf } from "./group-look.js";
import type { GroupStatus } from "./group-status.js";
import { lookAtHeld } from "./held-look.js";
import { oddBeatsIn } from "./members-look.js";
import type { StreamReplies } from "./stream-look.js";

/** A group, and what is kept of it for the next look. */
export interface LookedGroup {
  readonly place: GroupPlace;
  readonly replies: GroupReplies;
  readonly status: GroupStatus;
  /** The heartbeats that were not of now. */
  readonly oddBeats: ReadonlyMap<string, string>;
}

/** What the look before showed of each group, by {@link groupKey}. */
export type EarlierGroups = ReadonlyMap<string, LookedGroup>;

/** How groups are judged. */
export interface GroupsJudgement {
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Ends the name of a group, behind that of its service. */
  readonly suffix: string;
  /** `undefined` at the first look. */
  readonly earlier: { readonly atMs: number; readonly groups: EarlierGroups } | undefined;
}

export function groupKey({ stream, name }: Pick<GroupStatus, "stream" | "name">): string {
  return JSON.stringify([stream, name]);
}

/** Looks at all groups of all streams at once. */
export async function lookAtGroups(
  rounds: Rounds,
  streams: readonly StreamReplies[],
  judgement: GroupsJudgement,
): Promise<readonly LookedGroup[]> {
  const { nowMs, earlier, ...how } = judgement;
  const places = streams.flatMap(groupsIn);
  const replies = await repliesAbout(rounds, places, judgement);
  const groups = places.map((place, at) => {
    const found = replies[at] as GroupReplies;
    const before = earlier?.groups.get(groupKey({ stream: place.stream.name, name: place.name }));
    const about = { ...how, nowMs, before: before?.oddBeats, beforeMs: earlier?.atMs };
    return {
      place,
      replies: found,
      oddBeats: oddBeatsIn(found.members, judgement),
      status: groupOf(place, found, about),
      before,
    };
  });
  const withRedriven = groups.filter((each) => each.replies.hasRedriven);
  const redriven = await rounds.ask((round) =>
    Promise.all(
      withRedriven.map(async ({ place }) => redrivenOf(await askOfRedriven(round, place), place.name, nowMs)),
    ),
  );
  const held = await lookAtHeld(
    rounds,
    groups.map(({ place, status }) => ({ keys: place.keys, group: place.name, members: status.members })),
  );
  return groups
    .map(({ before, ...group }, at) => {
      const lagPerSecond = perSecond(group.status.lag, before?.status.lag, nowMs - (earlier?.atMs ?? nowMs));
      const redrivenTo = redriven[withRedriven.findIndex(({ place }) => place === group.place)] ?? null;
      const status = { ...group.status, lagPerSecond, held: held[at] ?? [], redriven: redrivenTo };
      return { ...group, status };
    })
    .filter(
      ({ place, status }) => place.info !== undefined || (status.letters.open ?? 0) > 0 || status.redriven !== null,
    );
}

/** What Redis replies about each group. */
async function repliesAbout(
  rounds: Rounds,
  places: readonly GroupPlace[],
  judgement: GroupsJudgement,
): Promise<readonly GroupReplies[]> {
  const atOnce = await rounds.ask((round) =>
    Promise.all(places.map((place) => (round.mayRunScripts ? askAtOnce(round, place, judgement) : undefined))),
  );
  return await rounds.ask((round) => Promise.all(places.map((place, at) => atOnce[at] ?? askPlainly(round, place))));
}

/** By how much something grows in a second; `null` where that is not known. */
export function perSecond(now: number | null, before: number | null | undefined, sinceMs: number): number | null {
  if (now === null || before === null || before === undefined || sinceMs <= 0) return null;
  return Number((((now - before) * 1000) / sinceMs).toFixed(3));
}
