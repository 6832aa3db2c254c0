import type { Client } from "../../redis/connection.js";
import type { StreamKeys } from "../../redis/keys.js";
import { instantIn } from "../../redis/redis-clock.js";
import { lookForSigns } from "../../redis/signs-of-life.js";

/** What one look shows of the members of a group, by name. */
interface Look {
  readonly atMs: number;
  readonly members: ReadonlyMap<string, Member>;
}

interface Member {
  /** Its heartbeat, by the clock of its machine; `undefined` for a consumer in another language. */
  readonly beatMs: number | undefined;
  /** The time since its last command; `undefined` for one that has not been given an entry yet. */
  readonly idleMs: number | undefined;
}

/** The members of a group, as far as they were watched. */
export interface Attendance {
  readonly members: number;
  /** Those of whom Redis heard while they were watched. */
  readonly alive: number;
  /** Those of whom Redis heard lately, by clocks that may be wrong. */
  readonly recent: number;
  /** The time since Redis last heard of any of them; `undefined` without members. */
  readonly lastSeenMs: number | undefined;
}

/** Two instants of Redis may be told with this much error. */
const SLACK_MS = 20;

/**
 * Watches who of a group is alive. A consumer that died stays in its group, so its name proves nothing: it lives if its
 * heartbeat changes, or if it sends a command, while it is watched.
 */
export class Watch {
  readonly #keys: StreamKeys;
  readonly #group: string;
  readonly #leaseMs: number;
  readonly #heard = new Set<string>();
  #last: Look | undefined;

  constructor(keys: StreamKeys, group: string, leaseMs: number) {
    this.#keys = keys;
    this.#group = group;
    this.#leaseMs = leaseMs;
  }

  async look(client: Client): Promise<Attendance> {
    const { atMs, members } = await this.#read(client);
    for (const [name, member] of members) if (this.#isHeard(name, member, atMs)) this.#heard.add(name);
    this.#last = { atMs, members };
    const silences = [...members].map(([name, { beatMs = 0, idleMs = Number.POSITIVE_INFINITY }]) =>
      this.#heard.has(name) ? 0 : Math.min(idleMs, Math.abs(atMs - beatMs)),
    );
    return {
      members: members.size,
      alive: [...members.keys()].filter((name) => this.#heard.has(name)).length,
      recent: silences.filter((silentMs) => silentMs <= this.#leaseMs).length,
      lastSeenMs: silences.length === 0 ? undefined : Math.min(...silences),
    };
  }

  #isHeard(name: string, { beatMs, idleMs = Number.POSITIVE_INFINITY }: Member, atMs: number): boolean {
    if (this.#last === undefined) return false;
    const before = this.#last.members.get(name);
    // Whoever has come meanwhile lives.
    if (before === undefined || beatMs !== before.beatMs) return true;
    const quietFor = (before.idleMs ?? Number.POSITIVE_INFINITY) + (atMs - this.#last.atMs);
    return idleMs < quietFor - SLACK_MS;
  }

  async #read(client: Client): Promise<Look> {
    const [{ beats, idleMs }, time] = await Promise.all([
      // It watches from outside: no consumer is its own.
      lookForSigns(client, this.#keys, { group: this.#group, consumer: "" }),
      client.time(),
    ]);
    // Redis knows a consumer by name only when it has given it an entry.
    const names = new Set([...idleMs.keys(), ...beats.keys()]);
    const members = [...names].map((name) => {
      const beat = beats.get(name);
      return [name, { beatMs: numberOf(beat), idleMs: idleMs.get(name) }] as const;
    });
    return { atMs: instantIn(time), members: new Map(members) };
  }
}

/** A score as Redis tells it: others may have made it infinite. */
function numberOf(score: string | undefined): number | undefined {
  const number = Number(score ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}
