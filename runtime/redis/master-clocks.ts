import type { BrokerClock } from "../broker/broker.js";
import { slotOf } from "../broker/slot.js";
import type { Clock } from "../time/clock.js";
import type { Connection } from "./connection.js";
import type { ConnectionPool } from "./connection-pool.js";
import { RedisClock } from "./redis-clock.js";

/** The clocks by which entries have their ids: that of one Redis, or of each master of a cluster. */
export class MasterClocks {
  readonly #pool: ConnectionPool;
  readonly #clock: Clock;
  /** By the leader of the slots, or by nothing on one Redis. */
  readonly #clocks = new Map<number | undefined, { readonly settle: Connection; readonly clock: RedisClock }>();
  #isStarted = false;

  constructor(pool: ConnectionPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
    if (pool.topology === undefined) this.#at(undefined);
  }

  /** @param role - of the connection that is opened to read the clock, if none is */
  of(stream: string, role: "settle" | "publish" = "publish"): BrokerClock {
    const { topology } = this.#pool;
    if (topology === undefined) return this.#at(undefined);
    const slot = slotOf(stream);
    const present = (): RedisClock | undefined => {
      const leader = topology.leaderOf(slot);
      return leader === undefined ? undefined : this.#at(leader);
    };
    return {
      now: () => present()?.now(),
      isBefore: (instant) => present()?.isBefore(instant) ?? false,
      start: () => {
        this.#isStarted = true;
        // Whoever needs it for more reports why there is no connection.
        const connecting = this.#pool.route(role, stream).ready();
        connecting.then(
          () => present()?.start(),
          () => {},
        );
      },
    };
  }

  stop(): void {
    this.#isStarted = false;
    for (const { clock } of this.#clocks.values()) clock.stop();
  }

  #at(leader: number | undefined): RedisClock {
    const settle = this.#pool.master("settle", leader);
    const existing = this.#clocks.get(leader);
    if (existing?.settle === settle) return existing.clock;
    existing?.clock.stop();
    const clock = new RedisClock([settle, this.#pool.master("publish", leader)], this.#clock);
    this.#clocks.set(leader, { settle, clock });
    if (this.#isStarted && leader !== undefined) clock.start();
    return clock;
  }
}
