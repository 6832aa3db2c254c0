import { printable } from "../../contract/printable.js";
import { ConfigError, MessagingError } from "../../errors.js";
import type { Client } from "../../redis/connection.js";
import { groupsWithLag } from "../../redis/lag.js";
import { openLetters } from "../../redis/letters.js";
import { discardLetters, type Hindrance, retire } from "../../redis/lua/retire.js";
import { instantIn } from "../../redis/redis-clock.js";
import { field } from "../../redis/reply.js";
import { findGroup, type GroupPlace, groupsOf } from "./group-place.js";
import { livingOf } from "./living-members.js";

/** What a group is removed with. */
export interface RetireOptions {
  /**
   * What becomes of its open dead letters: `discard` marks them as settled, `keep` leaves them open. Where it is left out, the
   * group is not removed while it has any.
   */
  readonly deadLetters?: "keep" | "discard";
  /** Remove it with what it has not handled: entries that are unread, pending, or wait for a retry. @defaultValue false */
  readonly force?: boolean;
  /** Who retires it. @defaultValue the service's name */
  readonly by?: string;
}

/** What would be removed with a group. */
export interface RetirePlan {
  readonly stream: string;
  readonly group: string;
  /** Whether the stream has it. One that was destroyed leaves records behind. */
  readonly exists: boolean;
  /** The members that were heard of within a lease. */
  readonly alive: readonly string[];
  /** Entries that it has not been given; `null` when Redis cannot tell how many. */
  readonly unread: number | null;
  /** Entries that were delivered and not acknowledged, with those that are parked, handed over or paused. */
  readonly pending: number;
  /** Those of them that wait for a retry, or for a type that is paused. */
  readonly parked: number;
  /** What was redriven to it and is not handled: unread and pending. */
  readonly redriven: number;
  readonly openDeadLetters: number;
  /** Why it is not removed now; empty when nothing hinders. */
  readonly hindrances: readonly RetireHindrance[];
}

/** Why a group is not removed: members that live, what it has not handled (given up by `force`), or its open dead letters. */
export interface RetireHindrance {
  readonly kind: "alive" | "work" | "letters";
  /** A sentence that says what to do. */
  readonly text: string;
}

/** What was removed. */
export interface Retired extends RetirePlan {
  /** How many dead letters were marked as discarded. */
  readonly discarded: number;
}

export interface RetireGiven extends RetireOptions {
  readonly by: string;
  readonly leaseMs: number;
}

type Place = Omit<GroupPlace, "exists">;

const PAGE = 200;

/** @throws {MessagingError} `GROUP_MISSING` */
export async function retirePlan(client: Client, given: Place, leaseMs: number): Promise<RetirePlan> {
  const { stream, group, keys, redriven } = given;
  const nowMs = instantIn(await client.time());
  const [own, again, letters, parked, returned, alive] = await Promise.all([
    workOf(client, keys.stream, group),
    workOf(client, redriven.stream, group),
    openLetters(client, keys, group, nowMs),
    client.zcard(keys.retry),
    client.zcard(redriven.retry),
    livingOf(client, given, { leaseMs, nowMs }),
  ]);
  // Interrupted, it leaves no more than these.
  const hasRemains = letters.count > 0 || again !== undefined;
  const { exists } = hasRemains ? { exists: own !== undefined } : await findGroup(client, given);
  const plan = {
    ...{ stream, group, exists, alive },
    unread: own === undefined ? 0 : own.unread,
    pending: own?.pending ?? 0,
    parked: parked + returned,
    redriven: (again?.pending ?? 0) + (again?.unread ?? 0),
    openDeadLetters: letters.count,
  };
  return { ...plan, hindrances: hindrancesOf(plan, leaseMs) };
}

/** @throws {MessagingError} `GROUP_MISSING`, `GROUP_IN_USE` */
export async function retireGroup(client: Client, given: Place, options: RetireGiven): Promise<Retired> {
  const { deadLetters, force = false, by, leaseMs } = options;
  if (deadLetters !== undefined && !["keep", "discard"].includes(deadLetters)) {
    throw new ConfigError([`deadLetters must be "keep" or "discard", got ${JSON.stringify(deadLetters)}`]);
  }
  const plan = await retirePlan(client, given, leaseMs);
  // The script does not know those that share the partitions of the stream.
  if (plan.alive.length > 0) throw inUse(given, ["alive", ...plan.alive], leaseMs);
  const { stream, group, keys, redriven } = given;
  const { floor, alive, groups, index } = keys;
  const scriptKeys = [stream, floor, alive, groups, index, redriven.stream, redriven.oversized];
  // One script does all of this or nothing, so what is left after it are the dead letters, which can be found again.
  const hindrance = await retire.run(client, scriptKeys, [
    ...[group, keys.prefix, redriven.prefix, leaseMs],
    ...[force ? "forced" : "", deadLetters ?? ""],
  ]);
  if (hindrance !== null) throw inUse(given, hindrance, leaseMs);
  let discarded = 0;
  if (deadLetters === "discard") {
    const at = new Date(instantIn(await client.time())).toISOString();
    const mark = JSON.stringify({ state: "discarded", at, by, reason: "its group was retired" });
    for (let count = PAGE; count === PAGE; discarded += count) {
      count = await discardLetters.run(client, [keys.settled, index], [group, mark, PAGE]);
    }
  }
  return { ...plan, discarded };
}

interface Work {
  readonly unread: number | null;
  readonly pending: number;
}

/** What a group has to do; `undefined` when the stream does not have it. */
async function workOf(client: Client, stream: string, group: string): Promise<Work | undefined> {
  if ((await groupsOf(client, stream)) === undefined) return undefined;
  const { groups } = await groupsWithLag(client, stream);
  const known = groups.find(({ info }) => field(info, "name") === group);
  return known && { unread: known.lag, pending: Number(field(known.info, "pending")) };
}

export function hindrancesOf(plan: Omit<RetirePlan, "hindrances">, leaseMs: number): readonly RetireHindrance[] {
  const { alive, unread, pending, redriven, openDeadLetters } = plan;
  const work = unread === null || unread + pending + redriven > 0;
  return [
    ...(alive.length > 0 ? [{ kind: "alive", text: aliveText(alive, leaseMs) } as const] : []),
    ...(work ? [{ kind: "work", text: workText(unread ?? "some", pending, redriven) } as const] : []),
    ...(openDeadLetters > 0 ? [{ kind: "letters", text: lettersText(openDeadLetters) } as const] : []),
  ];
}

function inUse({ stream, group }: Place, hindrance: Hindrance, leaseMs: number): MessagingError {
  const [kind, ...found] = hindrance;
  const why =
    kind === "alive"
      ? aliveText(found as readonly string[], leaseMs)
      : kind === "work"
        ? workText(found[0] === 0 ? 0 : "some", Number(found[1]), 0)
        : lettersText(Number(found[0]));
  return new MessagingError("GROUP_IN_USE", printable(`${group} of ${stream} is not retired: ${why}`));
}

function aliveText(names: readonly string[], leaseMs: number): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${names.slice(0, 5).join(", ")}${more} lives, or did within a lease (${leaseMs / 1000} s): stop its service, and wait so long`;
}

function workText(unread: number | string, pending: number, redriven: number): string {
  const again = redriven > 0 ? `, ${redriven} redriven` : "";
  return `it has not handled ${unread} unread and ${pending} pending entries${again}: have a service handle them, or give them up by force (--force)`;
}

function lettersText(count: number): string {
  const letters = count === 1 ? "1 open dead letter" : `${count} open dead letters`;
  return `it has ${letters}: redrive them, or say what becomes of them with deadLetters (--dead-letters): keep or discard`;
}
