import type { SignsOfLife } from "../broker/signs-of-life.js";
import { hasAskedWithin } from "./death-watch.js";
import type { ConsumerParts } from "./parts.js";
import type { Workload } from "./workload.js";

const PAGE = 500;
const LONGEST_LOOK_MS = 1000;
/** Redis ends a read a moment after its block. */
const LATE_MS = 100;
/** What stands for the heartbeat of a member when its own was lost. Others write it, so it is no sign of life. */
const NO_BEATS: ReadonlySet<string> = new Set(["", "0"]);

/**
 * The owner of a partition takes everything that others hold there: whoever owned it before can settle nothing any more. The
 * oldest come first. Those of dead owners are counted, and suspected, like all that is taken over.
 */
export async function adopt({ config, membership, hooks }: ConsumerParts, workload: Workload): Promise<void> {
  if (membership.lease === undefined) return;
  const { stream, group } = membership;
  const { beats, idleMs } = await membership.look();
  for (const from of idleMs.keys()) {
    for (let count = PAGE; count > 0; ) {
      const limits = { most: PAGE, withFields: config.order === "entity" };
      const taken = (await membership.takeOver(from, beats.get(from) ?? "", limits)) ?? [];
      count = taken.length;
      if (count === 0) break;
      workload.takeOver(taken);
      hooks.emit("recovered", { stream, group, from, count });
    }
  }
}

/** Takes everything that members returned when they left: with an order, it comes before whatever is read from now on. */
export async function takeReturned({ config, membership, halt }: ConsumerParts, workload: Workload): Promise<void> {
  if (config.order !== "entity") return;
  for (let count = 1; count > 0; ) {
    const lapses = workload.lapses.notice();
    const { deliveries, pauses } = await membership.release(PAGE, 0);
    // Its group may have been paused since it joined, and gives nothing: then nothing is read, either, until it is resumed.
    halt.learn(pauses);
    workload.takeAgain(deliveries, lapses);
    count = deliveries.length;
  }
}

/**
 * With an order, resolves when no member that may be dead holds entries any more, or may be given some: each has shown that it
 * lives, or was taken over. Otherwise what is read after a crash would overtake what the process before it held.
 *
 * @param looked - called whenever Redis has answered
 */
export async function othersJudged(parts: ConsumerParts, looked: () => void): Promise<void> {
  const { config, membership, reading, clock } = parts;
  // Whatever others hold in a partition is adopted by its owner, whether they live or not.
  if (config.order !== "entity" || membership.lease !== undefined) return;
  // If the host of a member is gone, Redis does not know that, and gives the next entry to its last read while that blocks:
  // then it looks as if it had just asked.
  const readsMs = membership.redriven ? 0 : config.blockTimeMs + LATE_MS;
  for (let first: SignsOfLife | undefined, since = 0; ; ) {
    // Redis tells how long each has been idle after this, however late its reply is read.
    const watchedMs = clock.now() - since;
    const signs = await membership.look();
    looked();
    if (first?.session !== signs.session) {
      // Redis may have been started again: as it loads its file, it takes each consumer to have asked for something just then.
      [first, since] = [signs, clock.now()];
      continue;
    }
    const readers = watchedMs < readsMs ? [...signs.beats.keys()] : [];
    const { beats } = first;
    const isJudged = (name: string): boolean =>
      name === membership.consumer || !beats.has(name) || lives(name, beats, signs, watchedMs - readsMs);
    if ([...signs.holders, ...readers].every(isJudged)) return;
    if (!(await reading.for(Math.min(LONGEST_LOOK_MS, config.leaseMs / 12)))) return;
  }
}

/**
 * Whether a member's heartbeat has changed since it was first looked at, or it has asked Redis for something in the last so many
 * milliseconds. One in another language need not.
 */
function lives(name: string, before: SignsOfLife["beats"], { beats, idleMs }: SignsOfLife, withinMs: number): boolean {
  const beat = beats.get(name);
  if (beat === undefined) return true;
  return (beat !== before.get(name) && !NO_BEATS.has(beat)) || hasAskedWithin(withinMs, idleMs.get(name));
}
