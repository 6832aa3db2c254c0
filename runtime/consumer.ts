import { typeOf } from "./codec.js";
import type { Config } from "./config.js";
import type { Connection } from "./connection.js";
import type { Delivery, Outcome } from "./delivery.js";
import type { Dispatcher } from "./dispatcher.js";
import type { HookBus } from "./hooks.js";
import type { StreamKeys } from "./keys.js";
import { ensureGroup } from "./lua/ensure-group.js";
import { Pause } from "./pause.js";
import { Reader } from "./reader.js";
import { RetryQueue } from "./retry-queue.js";
import { Settler } from "./settler.js";
import { StrayFinder } from "./stray-finder.js";

/** One consumer of one stream. */
export interface ConsumerPlace {
  readonly keys: StreamKeys;
  readonly consumer: string;
  readonly config: Config;
}

/** The connections of a consumer: one that blocks in reads, one for everything else. */
export interface ConsumerConnections {
  readonly read: Connection;
  readonly settle: Connection;
}

/**
 * Takes one stream's entries to their handlers, so many at once, and settles each when its handler has ended. What it
 * holds is bounded: as many as run at once, and as many again (one batch at most) that wait.
 */
export class StreamConsumer {
  readonly #place: ConsumerPlace;
  readonly #connections: ConsumerConnections;
  readonly #dispatcher: Dispatcher;
  readonly #hooks: HookBus;
  /** Ends the reading. */
  readonly #reading = new AbortController();
  /** Ends the settling, when the drain deadline has passed. */
  readonly #settling = new AbortController();
  readonly #settler: Settler;
  readonly #retries: RetryQueue;
  readonly #strays: StrayFinder;
  readonly #capacity: number;
  readonly #prefetch: number;
  /** Everything handed to this consumer and not yet settled, by entry id. */
  readonly #inFlight = new Set<string>();
  #waiting: Delivery[] = [];
  #head = 0;
  #running = 0;
  #onRoom: (() => void) | undefined;
  #loops: Promise<unknown>[] = [];
  #known = false;

  constructor(place: ConsumerPlace, connections: ConsumerConnections, dispatcher: Dispatcher, hooks: HookBus) {
    const { config, keys, consumer } = place;
    this.#place = place;
    this.#connections = connections;
    this.#dispatcher = dispatcher;
    this.#hooks = hooks;
    this.#prefetch = Math.min(config.batchSize, config.concurrency);
    this.#capacity = config.concurrency + this.#prefetch;
    const member = { keys, group: config.group, consumer };
    const settlePause = new Pause(this.#settling.signal, hooks);
    this.#settler = new Settler({ ...member, service: config.service }, connections.settle, settlePause, (id) =>
      this.#settled(id),
    );
    const readPause = new Pause(this.#reading.signal, hooks);
    const take = (deliveries: readonly Delivery[]): void => this.#take(deliveries);
    this.#retries = new RetryQueue(member, connections.settle, { room: () => this.#room(), take }, readPause);
    this.#strays = new StrayFinder(
      member,
      connections.settle,
      { isHeld: (id) => this.#inFlight.has(id), take },
      readPause,
    );
  }

  /** Begins to read, in the background. Returns at once; an unreachable Redis is waited for. */
  start(): void {
    const { keys, consumer, config } = this.#place;
    const place = {
      stream: keys.stream,
      group: config.group,
      consumer,
      blockMs: config.blockTimeMs,
      batchSize: config.batchSize,
    };
    const sink = {
      room: () => this.#room(),
      roomier: () => this.#roomier(),
      take: (deliveries: readonly Delivery[]) => this.#take(deliveries),
      prepare: async () => {
        await this.#ensureGroup();
        await this.#strays.repair();
      },
    };
    const reader = new Reader(place, this.#connections.read, sink, new Pause(this.#reading.signal, this.#hooks));
    this.#loops = [reader.run(), this.#retries.run()];
  }

  /**
   * Reads no more, lets what is running and waiting finish until the deadline, and gives the rest back so that
   * another consumer has it at once.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#reading.abort();
    this.#onRoom?.();
    await Promise.all(this.#loops);
    await this.#drained(deadline);
    this.#settling.abort();
  }

  /** Creates the group where it is missing. After the first time it never begins at the stream's end. */
  async #ensureGroup(): Promise<void> {
    const { keys, config } = this.#place;
    const client = await this.#connections.settle.ready(this.#reading.signal);
    const start = config.startFrom === "new" && !this.#known ? "$" : "0";
    const from = await ensureGroup.run(client, [keys.stream, keys.floor], [config.group, start]);
    this.#known = true;
    if (from !== null) this.#hooks.emit("groupCreated", { stream: keys.stream, group: config.group, from });
  }

  #room(): number {
    const waiting = this.#waiting.length - this.#head;
    // Reads are worth their round trip only when a good part of a batch has room.
    return waiting > this.#prefetch / 2 ? 0 : this.#capacity - this.#inFlight.size;
  }

  #roomier(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  #take(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      // Found again as a stray, or claimed twice: it is being handled already.
      if (this.#inFlight.has(delivery.id)) continue;
      this.#inFlight.add(delivery.id);
      this.#waiting.push(delivery);
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#running < this.#place.config.concurrency && this.#head < this.#waiting.length) {
      const delivery = this.#waiting[this.#head++] as Delivery;
      const outcome = this.#dispatcher.dispatch(delivery);
      if (outcome instanceof Promise) {
        this.#running++;
        void outcome.then((ended) => {
          this.#running--;
          this.#settle(delivery, ended);
          this.#pump();
        });
      } else {
        this.#settle(delivery, outcome);
      }
    }
    if (this.#head > 1000 || this.#head === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }

  #settle(delivery: Delivery, outcome: Outcome): void {
    const { keys, config } = this.#place;
    switch (outcome.kind) {
      case "done":
        this.#settler.ack(delivery.id);
        return;
      case "retry":
        this.#settler.park(delivery.id, outcome.delayMs, outcome.error);
        this.#retries.expect(outcome.delayMs);
        return;
      case "dead":
        this.#settler.bury(delivery, outcome.error);
        this.#hooks.emit("deadLettered", {
          stream: keys.stream,
          group: config.group,
          entryId: delivery.id,
          type: delivery.fields === null ? undefined : typeOf(delivery.fields),
          attempt: delivery.attempt,
          error: outcome.error,
        });
    }
  }

  #settled(id: string): void {
    this.#inFlight.delete(id);
    if (this.#onRoom !== undefined && this.#room() > 0) {
      const resume = this.#onRoom;
      this.#onRoom = undefined;
      resume();
    }
  }

  async #drained(deadline: AbortSignal): Promise<void> {
    const finished = (async () => {
      while (this.#running > 0 || this.#head < this.#waiting.length) await nextTurn();
      await this.#settler.drained();
    })();
    await Promise.race([finished, aborted(deadline)]);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
