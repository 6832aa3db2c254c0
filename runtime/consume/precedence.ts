import type { ConsumerParts } from "./parts.js";
import { hasAskedWithin } from "./reaper.js";
import type { Workload } from "./workload.js";

const PAGE = 500;
const LONGEST_LOOK_MS = 1000;

/** Takes everything that members returned when they left: with an order, it comes before whatever is read from now on. */
export async function takeReturned({ config, membership, halt }: ConsumerParts, workload: Workload): Promise<void> {
  if (config.order !== "entity") return;
  for (let count = 1; count > 0; ) {
    const { deliveries, pauses } = await membership.release(PAGE);
    // Its group may have been paused since it joined, and gives nothing: then nothing is read, either, until it is resumed.
    halt.learn(pauses);
    workload.takeAgain(deliveries);
    count = deliveries.length;
  }
}

/**
 * With an order, resolves when no member that may be dead holds entries any more: each has shown that it lives, or was taken
 * over. Otherwise what is read after a crash would overtake what the process before it held.
 *
 * @param looked - called whenever Redis has answered
 */
export async function othersJudged(parts: ConsumerParts, looked: () => void): Promise<void> {
  const { config, membership, reading, clock } = parts;
  if (config.order !== "entity") return;
  const since = clock.now();
  const first = (await membership.look()).beats;
  do {
    // Redis tells how long each has been idle after this, however late its reply is read.
    const watchedMs = clock.now() - since;
    const { beats, idleMs, holders } = await membership.look();
    looked();
    const lives = (name: string): boolean =>
      first.get(name) !== beats.get(name) || hasAskedWithin(watchedMs, idleMs.get(name));
    if (holders.every((name) => !first.has(name) || lives(name))) return;
  } while (await reading.for(Math.min(LONGEST_LOOK_MS, config.leaseMs / 12)));
}
