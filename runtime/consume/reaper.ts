import type { Redis } from "ioredis";
import { type Member, PARKED } from "../broker/member.js";
import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Connection } from "../redis/connection.js";
import { reap } from "../redis/lua/reap.js";
import type { Pause } from "../time/pause.js";

/** How many entries are taken over in one step; the rest with the next look. */
const MOST_AT_ONCE = 100;
/** A heartbeat must have been seen standing still at least so often. */
const FEWEST_LOOKS = 3;

interface Watched {
  readonly beat: string;
  readonly since: number;
  looks: number;
}

/** What a reaper asks of its consumer. */
export interface ReaperSink {
  /** How many suspects may come now. */
  readonly room: () => number;
  readonly suspect: (ids: readonly string[]) => void;
}

/**
 * Takes over the entries of consumers that died. One counts as dead when its heartbeat has not changed for a whole
 * lease, as seen by this process on its own monotonic clock since it last connected: after an outage of Redis every
 * heartbeat stands still, and the clocks of two machines may differ by hours.
 */
export class Reaper {
  readonly #member: Member;
  readonly #leaseMs: number;
  readonly #foreignIdleMs: number;
  readonly #connection: Connection;
  readonly #sink: ReaperSink;
  readonly #pause: Pause;
  readonly #hooks: HookBus;
  readonly #watched = new Map<string, Watched>();

  constructor(
    member: Member,
    config: Pick<Config, "leaseMs" | "foreignIdleMs">,
    connection: Connection,
    sink: ReaperSink,
    pause: Pause,
    hooks: HookBus,
  ) {
    this.#member = member;
    this.#leaseMs = config.leaseMs;
    this.#foreignIdleMs = config.foreignIdleMs;
    this.#connection = connection;
    this.#sink = sink;
    this.#pause = pause;
    this.#hooks = hooks;
  }

  /** To be called when the connection comes back: what was seen before the outage says nothing. */
  forget(): void {
    this.#watched.clear();
  }

  async run(): Promise<void> {
    // Consumers that started together do not all look at the same moment.
    while (await this.#pause.for((this.#leaseMs / 4) * (0.75 + Math.random() / 2))) {
      try {
        await this.#look();
      } catch (error) {
        this.forget();
        if (error instanceof Error && error.message.startsWith("NOGROUP")) continue;
        this.#hooks.emit("trouble", { what: `watching the consumers of ${this.#member.keys.stream}`, error });
      }
    }
  }

  async #look(): Promise<void> {
    const { keys, consumer } = this.#member;
    const client = await this.#connection.ready(this.#pause.signal);
    const reply = await client.zrange(keys.alive, "0", "-1", "WITHSCORES");
    const present = new Set<string>();
    for (let at = 0; at < reply.length; at += 2) {
      const name = reply[at] as string;
      present.add(name);
      if (name !== consumer && this.#isDead(name, reply[at + 1] as string)) await this.#take(client, name);
    }
    if (Number.isFinite(this.#foreignIdleMs)) await this.#lookAtForeign(client, present);
    for (const name of this.#watched.keys()) if (!present.has(name)) this.#watched.delete(name);
  }

  /** Consumers without a heartbeat: all that Redis tells of them is how long they have done nothing. */
  async #lookAtForeign(client: Redis, beating: ReadonlySet<string>): Promise<void> {
    const { keys, group, consumer } = this.#member;
    const members = (await client.xinfo("CONSUMERS", keys.stream, group)) as unknown[][];
    for (const member of members) {
      const field = (name: string): unknown => member[member.indexOf(name) + 1];
      const name = String(field("name"));
      const ours = name === consumer || name === PARKED || beating.has(name);
      if (!ours && Number(field("idle")) > this.#foreignIdleMs) await this.#take(client, name);
    }
  }

  #isDead(name: string, beat: string): boolean {
    const now = performance.now();
    const watched = this.#watched.get(name);
    if (watched === undefined || watched.beat !== beat) {
      this.#watched.set(name, { beat, since: now, looks: 1 });
      return false;
    }
    watched.looks++;
    return watched.looks >= FEWEST_LOOKS && now - watched.since >= this.#leaseMs;
  }

  async #take(client: Redis, dead: string): Promise<void> {
    const { keys, group, consumer } = this.#member;
    const most = Math.min(MOST_AT_ONCE, this.#sink.room());
    if (most <= 0) return;
    const beat = this.#watched.get(dead)?.beat ?? "";
    const ids = await reap.run(client, [keys.stream, keys.alive], [group, consumer, dead, beat, most]);
    if (ids === null) return;
    // One that held nothing is only cleared away.
    if (ids.length === 0) return;
    this.#sink.suspect(ids);
    this.#hooks.emit("recovered", { stream: keys.stream, group, from: dead, count: ids.length });
  }
}
