import { setImmediate, setTimeout } from "node:timers/promises";

import type { Host } from "./parcel.js";

/** After so many looks a delivery that awaits something may do so for what another one does. */
const PATIENT_LOOKS = 60;
/** The first looks come as soon as they can. */
const HASTY_LOOKS = 50;

/**
 * Waits until no handler awaits what is no step, or until one has done so for long in a process that can go on otherwise.
 *
 * @param goesOn - whether another delivery of the process can take a step, or comes to it
 * @returns `false` if it takes longer than so many milliseconds
 */
export async function calm(
  processes: readonly Host[],
  goesOn: (process: Host) => boolean,
  timeoutMs: number,
): Promise<boolean> {
  await setImmediate();
  const latest = performance.now() + timeoutMs;
  for (let looks = 0; ; looks++) {
    const busy = processes.filter(({ isBusy }) => isBusy);
    if (busy.length === 0 || (looks >= PATIENT_LOOKS && busy.every(goesOn))) return true;
    if (performance.now() > latest) return false;
    await (looks < HASTY_LOOKS ? setImmediate() : setTimeout(1));
  }
}
