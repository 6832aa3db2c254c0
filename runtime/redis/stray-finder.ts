import type { Redis } from "ioredis";
import type { Delivery } from "../broker/delivery.js";
import type { Member } from "../broker/member.js";
import type { Pause } from "../time/pause.js";
import type { Connection } from "./connection.js";

const PAGE = 500;

/** What the finder asks of its consumer. */
export interface StraySink {
  /** Whether the entry is in this consumer's hands. */
  readonly isHeld: (id: string) => boolean;
  readonly take: (deliveries: readonly Delivery[]) => void;
}

type PendingEntry = [id: string, consumer: string, idleMs: number, deliveries: number];

/**
 * Finds entries that Redis gave to this consumer but that never arrived: the reply was lost. They stay in the
 * consumer's own pending list, where nobody looks who claims from the dead. Only entries that are not in hand are
 * claimed, so that those in hand do not count as delivered again.
 */
export class StrayFinder {
  readonly #member: Member;
  readonly #connection: Connection;
  readonly #sink: StraySink;
  readonly #pause: Pause;

  constructor(member: Member, connection: Connection, sink: StraySink, pause: Pause) {
    this.#member = member;
    this.#connection = connection;
    this.#sink = sink;
    this.#pause = pause;
  }

  /** To be called while no read is under way: what a read brings is not in hand before it has arrived. */
  async repair(): Promise<void> {
    const { keys, group, consumer } = this.#member;
    const client = await this.#connection.ready(this.#pause.signal);
    for (let from = "-"; ; ) {
      const page = (await client.xpending(keys.stream, group, from, "+", PAGE, consumer)) as PendingEntry[];
      // Replies that arrived before this one are taken before the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#claim(
        client,
        page.filter(([id]) => !this.#sink.isHeld(id)),
      );
      const last = page[page.length - 1];
      if (last === undefined || page.length < PAGE) return;
      from = `(${last[0]}`;
    }
  }

  /** None of them has begun, so none of them counts as delivered again: each keeps its count. */
  async #claim(client: Redis, strays: readonly PendingEntry[]): Promise<void> {
    const { keys, group, consumer } = this.#member;
    for (const attempt of new Set(strays.map(([, , , deliveries]) => deliveries))) {
      const ids = strays.filter(([, , , deliveries]) => deliveries === attempt).map(([id]) => id);
      const claim = client.xclaim(keys.stream, group, consumer, 0, ...ids, "RETRYCOUNT", attempt);
      this.#sink.take(((await claim) as [string, string[]][]).map(([id, fields]) => ({ id, fields, attempt })));
    }
  }
}
