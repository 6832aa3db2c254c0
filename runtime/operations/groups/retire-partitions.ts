import { printable } from "../../contract/printable.js";
import { MessagingError } from "../../errors.js";
import { leaseKey, shareKeys } from "../../redis/keys.js";
import type { AtStream } from "../routes.js";
import { type GroupPlace, placesOf } from "./group-place.js";
import { inEach } from "./in-each.js";
import {
  hindrancesOf,
  type Retired,
  type RetireGiven,
  type RetirePlan,
  retireGroup,
  retirePlan,
} from "./retirement.js";

type Place = Omit<GroupPlace, "exists">;

/**
 * Tells what would be removed with a group, in all partitions of its stream.
 * @throws {MessagingError} `GROUP_MISSING`
 */
export async function retirePlans(at: AtStream, given: Place, leaseMs: number): Promise<RetirePlan> {
  const own = await at(given.stream, (client) => retirePlan(client, given, leaseMs));
  let sum: Omit<RetirePlan, "hindrances"> = own;
  for (const place of (await placesOf(at, given)).slice(1)) {
    const plan = await unlessMissing(at(place.stream, (client) => retirePlan(client, place, leaseMs)));
    if (plan !== undefined) sum = added(sum, plan);
  }
  return { ...sum, hindrances: hindrancesOf(sum, leaseMs) };
}

/**
 * Removes a group from all partitions of its stream, from the stream itself last: it is found again if this is cut off.
 * @throws {MessagingError} `GROUP_MISSING`, `GROUP_IN_USE`
 */
export async function retireGroups(at: AtStream, given: Place, options: RetireGiven): Promise<Retired> {
  const [, ...others] = await placesOf(at, given);
  const plan = await retirePlans(at, given, options.leaseMs);
  const { force = false, deadLetters } = options;
  const isGivenUp = { alive: false, work: force, letters: deadLetters !== undefined };
  const left = plan.hindrances.find(({ kind }) => !isGivenUp[kind]);
  // All partitions or none.
  if (others.length > 0 && left !== undefined) {
    throw new MessagingError(
      "GROUP_IN_USE",
      printable(`${given.group} of ${given.stream} is not retired: ${left.text}`),
    );
  }
  const { members, plan: planKey } = shareKeys(given.stream, given.group);
  const removed = await inEach(at, [...others, given], async (client, place) => {
    const { stream, group } = place;
    const retired = await unlessMissing(retireGroup(client, place, options), others.length > 0 && place !== given);
    if (others.length > 0) await client.del(leaseKey(stream, group), ...(place === given ? [members, planKey] : []));
    return retired?.discarded ?? 0;
  });
  return { ...plan, discarded: removed.reduce((sum, count) => sum + count, 0) };
}

/** A group is missing in a partition from which an attempt that was cut off has removed it. */
async function unlessMissing<Found>(finding: Promise<Found>, isFine = true): Promise<Found | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (isFine && error instanceof MessagingError && error.code === "GROUP_MISSING") return undefined;
    throw error;
  }
}

function added(one: Omit<RetirePlan, "hindrances">, other: RetirePlan): Omit<RetirePlan, "hindrances"> {
  return {
    ...one,
    alive: [...new Set([...one.alive, ...other.alive])].sort(),
    unread: one.unread === null || other.unread === null ? null : one.unread + other.unread,
    pending: one.pending + other.pending,
    parked: one.parked + other.parked,
    redriven: one.redriven + other.redriven,
    openDeadLetters: one.openDeadLetters + other.openDeadLetters,
  };
}
