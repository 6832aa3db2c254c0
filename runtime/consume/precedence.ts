import type { SignsOfLife } from "../broker/signs-of-life.js";
import type { ConsumerParts } from "./parts.js";
import { hasAskedWithin } from "./reaper.js";
import type { Workload } from "./workload.js";

const PAGE = 500;
const LONGEST_LOOK_MS = 1000;
/** What stands for the heartbeat of a member when its own was lost. Others write it, so it is no sign of life. */
const NO_BEATS: ReadonlySet<string> = new Set(["", "0"]);

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
    if (signs.holders.every((name) => isJudged(name, first as SignsOfLife, signs, watchedMs))) return;
    if (!(await reading.for(Math.min(LONGEST_LOOK_MS, config.leaseMs / 12)))) return;
  }
}

/** Whether a member lives, or is not to be waited for: it came later, or is in another language. */
function isJudged(name: string, first: SignsOfLife, { beats, idleMs }: SignsOfLife, watchedMs: number): boolean {
  const [before, beat] = [first.beats.get(name), beats.get(name)];
  if (before === undefined || beat === undefined) return true;
  return (beat !== before && !NO_BEATS.has(beat)) || hasAskedWithin(watchedMs, idleMs.get(name));
}
