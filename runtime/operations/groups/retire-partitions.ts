import { printable } from "../../contract/printable.js";
import { MessagingError } from "../../errors.js";
import type { Client } from "../../redis/connection.js";
import { leaseKey, shareKeys } from "../../redis/keys.js";
import { type GroupPlace, placesOf } from "./group-place.js";
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
export async function retirePlans(client: Client, given: Place, leaseMs: number): Promise<RetirePlan> {
  const own = await retirePlan(client, given, leaseMs);
  let sum: Omit<RetirePlan, "hindrances"> = own;
  for (const place of (await placesOf(client, given)).slice(1)) {
    const plan = await retirePlan(client, place, leaseMs).catch(() => undefined);
    if (plan !== undefined) sum = added(sum, plan);
  }
  return { ...sum, hindrances: hindrancesOf(sum, leaseMs) };
}

/**
 * Removes a group from all partitions of its stream, from the stream itself last: it is found again if this is cut off.
 * @throws {MessagingError} `GROUP_MISSING`, `GROUP_IN_USE`
 */
export async function retireGroups(client: Client, given: Place, options: RetireGiven): Promise<Retired> {
  const [, ...others] = await placesOf(client, given);
  const plan = await retirePlans(client, given, options.leaseMs);
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
  let discarded = 0;
  for (const place of others) {
    discarded += (await retireGroup(client, place, options)).discarded;
    await client.del(leaseKey(place.stream, place.group));
  }
  const own = await retireGroup(client, given, options);
  const { members, plan: planKey } = shareKeys(given.stream, given.group);
  if (others.length > 0) await client.del(members, planKey, leaseKey(given.stream, given.group));
  return { ...plan, discarded: discarded + own.discarded };
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
