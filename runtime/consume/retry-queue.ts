import type { Delivery } from "../broker/delivery.js";
import type { Member } from "../broker/member.js";
import type { Connection } from "../redis/connection.js";
import { release } from "../redis/lua/release.js";
import { sweep } from "../redis/lua/sweep.js";
import type { Pause } from "../time/pause.js";

const LONGEST_WAIT_MS = 1000;
const CROWDED_WAIT_MS = 20;
const MOST_AT_ONCE = 100;
/** How often it is made sure that no parked entry has lost its due time. */
const SWEEP_EVERY_MS = 30_000;
const SWEEP_PAGE = 500;

/** Where released entries go. */
export interface RetrySink {
  readonly room: () => number;
  readonly take: (deliveries: readonly Delivery[]) => void;
}

/**
 * Takes parked entries back when their retry is due, whichever consumer parked them. Those that wait hold nobody up:
 * new entries are read meanwhile.
 */
export class RetryQueue {
  readonly #member: Member;
  readonly #connection: Connection;
  readonly #sink: RetrySink;
  readonly #pause: Pause;
  #wake: (() => void) | undefined;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(member: Member, connection: Connection, sink: RetrySink, pause: Pause) {
    this.#member = member;
    this.#connection = connection;
    this.#sink = sink;
    this.#pause = pause;
  }

  /** Something was parked for so long: no need to find out only at the next look. */
  expect(delayMs: number): void {
    if (delayMs < LONGEST_WAIT_MS) setTimeout(() => this.#wake?.(), delayMs + 5).unref();
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.#pause.signal.aborted) {
      try {
        const due = performance.now() - this.#sweptAt > SWEEP_EVERY_MS;
        if (due && this.#sink.room() > 0) await this.#sweep();
        await this.#wait(await this.#release());
        failures = 0;
      } catch (error) {
        const missing = error instanceof Error && error.message.startsWith("NOGROUP");
        if (missing) await this.#wait(LONGEST_WAIT_MS);
        else if (!(await this.#pause.afterFailure(failures++, `retrying on ${this.#member.keys.stream}`, error)))
          return;
      }
    }
  }

  /** Says how long to wait before the next look. */
  async #release(): Promise<number> {
    const { keys, group, consumer } = this.#member;
    const room = Math.min(this.#sink.room(), MOST_AT_ONCE);
    if (room <= 0) return CROWDED_WAIT_MS;
    const client = await this.#connection.ready(this.#pause.signal);
    const [released, nextMs] = await release.run(
      client,
      [keys.stream, keys.retry, keys.errors],
      [group, consumer, room],
    );
    this.#sink.take(released.map(([id, fields, attempt]) => ({ id, fields, attempt })));
    return nextMs < 0 ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, nextMs);
  }

  async #sweep(): Promise<void> {
    const { keys, group } = this.#member;
    const client = await this.#connection.ready(this.#pause.signal);
    for (let after: string | null = "-"; after !== null; ) {
      after = await sweep.run(client, [keys.stream, keys.retry], [group, after, SWEEP_PAGE]);
    }
    this.#sweptAt = performance.now();
  }

  async #wait(ms: number): Promise<void> {
    await Promise.race([
      this.#pause.for(ms),
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      }),
    ]);
  }
}
