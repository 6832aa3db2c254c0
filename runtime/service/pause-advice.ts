import type { GroupPause } from "../broker/group-pause.js";

/** Says that a group or a type of it is paused, and how it goes on. */
export function pauseAdvice(group: string, { type, until, by, why }: GroupPause): string {
  const what = type === undefined ? group : `${type} of ${group}`;
  const end = until === undefined ? "until it is resumed" : `until ${new Date(until).toISOString()}`;
  const who = `${by === "" ? "" : ` by ${by}`}${why === undefined ? "" : ` (${why})`}`;
  return `${what} is paused${who} ${end}: nothing of it is handled; merp resume ends that`;
}
