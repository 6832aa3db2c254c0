/**
 * A stream and what belongs to it. The stream keeps its plain name, so that `XINFO STREAM events` works as
 * documented; the rest carries that whole name as hash tag and so shares its slot on a cluster.
 */
export interface StreamKeys {
  readonly stream: string;
  /** ZSET: entries whose retry is due at their score (ms), for one group. */
  readonly retry: string;
  /** HASH: the errors so far of entries that are retried, as JSON, for one group. */
  readonly errors: string;
  /** ZSET: each consumer's last heartbeat (ms), for one group. */
  readonly alive: string;
  /** HASH: the group's low-water position and when it was last served. */
  readonly floor: string;
  /** What precedes a group's name in the key of its position. */
  readonly floors: string;
  /** ZSET: the groups that are served, and when each was last known to be (ms). */
  readonly groups: string;
  /** HASH: what the last trim left. */
  readonly retention: string;
  /** Held while one service trims. */
  readonly trimming: string;
  /** ZSET: which entry was the last when so many had been added. */
  readonly marks: string;
  /** STREAM: entries that one group alone handles again. */
  readonly redrive: string;
  /** STREAM: entries that could not be handled, with why. */
  readonly dead: string;
  /** HASH: what became of a dead letter, by its id. */
  readonly settled: string;
}

/** The consumer that owns a group's parked entries. No process reads under this name. */
export const PARKED = "parked";

/** The key of a command's stored answer, in the slot of its stream. */
export function answerKey(stream: string, commandId: string): string {
  return `{${stream}}:answer:${commandId}`;
}

/** The key that records that a message was stored, so that a repeat is not stored again. */
export function onceKey(stream: string, messageId: string): string {
  return `{${stream}}:once:${messageId}`;
}

/**
 * What belongs to a group's redrive stream: entries from its dead letters, read by that group alone. What fails again
 * goes to the same dead letters.
 */
export function redriveKeys({ redrive, dead }: StreamKeys, group: string): StreamKeys {
  return {
    stream: redrive,
    retry: `${redrive}:retry`,
    errors: `${redrive}:errors`,
    alive: `${redrive}:alive`,
    floor: `${redrive}:floor:${group}`,
    floors: `${redrive}:floor:`,
    groups: `${redrive}:groups`,
    trimming: `${redrive}:trimming`,
    marks: `${redrive}:marks`,
    retention: `${redrive}:retention`,
    redrive,
    dead,
    settled: `${dead}:settled`,
  };
}

export function streamKeys(stream: string, group: string): StreamKeys {
  const tag = `{${stream}}`;
  return {
    stream,
    retry: `${tag}:retry:${group}`,
    errors: `${tag}:errors:${group}`,
    alive: `${tag}:alive:${group}`,
    floor: `${tag}:floor:${group}`,
    floors: `${tag}:floor:`,
    groups: `${tag}:groups`,
    retention: `${tag}:retention`,
    trimming: `${tag}:trimming`,
    marks: `${tag}:marks`,
    redrive: `${tag}:redrive:${group}`,
    dead: `${tag}:dead`,
    settled: `${tag}:dead:settled`,
  };
}
