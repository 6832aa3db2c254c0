import type { Redis } from "ioredis";
import type { Delivery } from "../broker/delivery.js";
import type { Member } from "../broker/member.js";
import type { Config } from "../config/config.js";
import { ClosedError } from "../errors.js";
import type { Dispatcher } from "../handle/dispatcher.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Connection } from "../redis/connection.js";
import { BlockingSource, type EntrySource, PollingSource } from "../redis/entry-source.js";
import type { Heartbeat } from "../redis/heartbeat.js";
import type { StreamKeys } from "../redis/keys.js";
import { adopt } from "../redis/lua/adopt.js";
import { ensureGroup, YOUNG_MS } from "../redis/lua/ensure-group.js";
import { leave } from "../redis/lua/leave.js";
import { assertSupported } from "../redis/requirement.js";
import { StrayFinder } from "../redis/stray-finder.js";
import type { LoopState } from "../service/health.js";
import { Pause } from "../time/pause.js";
import { Reader } from "./reader.js";
import { Reaper } from "./reaper.js";
import { RetryQueue } from "./retry-queue.js";
import { Settler } from "./settler.js";
import { Suspects } from "./suspects.js";
import { Workload } from "./workload.js";

/** The connections of a consumer. */
export interface ConsumerConnections {
  /** One of its own that blocks in reads; without it the stream is looked at now and then. */
  readonly read: Connection | undefined;
  readonly settle: Connection;
}

/** How much longer than its block a read may be silent before it counts as stuck. */
const STUCK_AFTER_MS = 3000;

/**
 * One member of a stream's group: joins it, takes its entries to their handlers, and leaves it in order.
 *
 * A crash at any line loses nothing: an entry is in the group's pending list from the moment that Redis hands it out
 * until it is settled, and whoever reaps this consumer finds it there.
 */
export class StreamConsumer {
  readonly #member: Member;
  readonly #config: Config;
  readonly #connections: ConsumerConnections;
  readonly #dispatcher: Dispatcher;
  readonly #heartbeat: Heartbeat;
  readonly #hooks: HookBus;
  /** Ends the reading. */
  readonly #reading = new AbortController();
  /** Ends the settling, when the drain deadline has passed. */
  readonly #settling = new AbortController();
  readonly #readPause: Pause;
  readonly #settlePause: Pause;
  readonly #settler: Settler;
  readonly #workload: Workload;
  readonly #suspects: Suspects;
  readonly #retries: RetryQueue;
  readonly #strays: StrayFinder;
  readonly #reaper: Reaper;
  readonly #source: EntrySource;
  readonly #reader: Reader;
  /** How often the lease had lapsed when that was last looked at. */
  #lapses = 0;
  #loops: Promise<unknown>[] = [];
  #joined = false;
  #attempt = (): void => {};
  readonly #attempted = new Promise<void>((resolve) => {
    this.#attempt = resolve;
  });

  constructor(
    member: Member,
    config: Config,
    connections: ConsumerConnections,
    dispatcher: Dispatcher,
    heartbeat: Heartbeat,
    hooks: HookBus,
  ) {
    this.#member = member;
    this.#config = config;
    this.#connections = connections;
    this.#dispatcher = dispatcher;
    this.#heartbeat = heartbeat;
    this.#hooks = hooks;
    const { settle, read } = connections;
    this.#readPause = new Pause(this.#reading.signal, hooks);
    this.#settlePause = new Pause(this.#settling.signal, hooks);
    this.#settler = new Settler(member, config, settle, this.#settlePause, (id) => this.#workload.settled(id));
    this.#workload = this.#createWorkload();
    this.#suspects = this.#createSuspects();
    // Nothing is taken before the first heartbeat: it would look abandoned.
    const sink = {
      room: () => (this.#joined ? this.#workload.room(this.#suspects.waiting) : 0),
      roomier: () => this.#workload.roomier(),
      take: (deliveries: readonly Delivery[]) => this.#workload.take(deliveries),
      isHeld: (id: string) => this.#workload.holds(id),
      prepare: () => this.#prepare(),
    };
    const retried = {
      room: () => (this.#joined ? this.#workload.roomForRetries(this.#suspects.waiting) : 0),
      take: (deliveries: readonly Delivery[]) => this.#workload.takeAgain(deliveries),
    };
    const reaped = {
      room: () => (this.#joined ? this.#suspects.room : 0),
      suspect: (ids: readonly string[]) => this.#suspect(ids),
    };
    this.#retries = new RetryQueue(member, settle, retried, this.#readPause);
    this.#strays = new StrayFinder(member, settle, sink, this.#readPause);
    this.#reaper = new Reaper(member, config, settle, reaped, this.#readPause, hooks);
    this.#source =
      read === undefined
        ? new PollingSource(member, config.blockTimeMs, settle, this.#readPause)
        : new BlockingSource(member, config.blockTimeMs, read, this.#readPause);
    this.#reader = new Reader(this.#source, config.batchSize, sink, this.#readPause);
  }

  get keys(): StreamKeys {
    return this.#member.keys;
  }

  /** What its reading is doing. */
  get loop(): LoopState {
    if (this.#reading.signal.aborted) return "stopped";
    if (this.#joined && this.#workload.room(this.#suspects.waiting) === 0) return "busy";
    // A read that waits comes back within its block; a while longer, and Redis does not answer.
    return this.#reader.silentMs < this.#config.blockTimeMs + STUCK_AFTER_MS ? "reading" : "stuck";
  }

  /** Resolves when it has joined its group, or has failed to for the first time. */
  get attempted(): Promise<void> {
    return this.#attempted;
  }

  /** Begins to read, in the background. Returns at once; an unreachable Redis is waited for. */
  start(): void {
    this.#loops = [this.#reader.run(), this.#retries.run(), this.#reaper.run()];
  }

  /** What other consumers' heartbeats looked like before an outage says nothing about them now. */
  reconnected(): void {
    this.#reaper.forget();
  }

  /** Reads no more, and lets what it holds be handled until the deadline. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#reading.abort();
    this.#attempt();
    this.#workload.wake();
    await this.#source.interrupt(this.#connections.settle);
    await Promise.all(this.#loops);
    await Promise.race([this.#workload.drained(), aborted(deadline)]);
    this.#settling.abort();
    this.#dispatcher.stop();
  }

  /** Gives back what it still holds, so that another consumer has it at once, and is a member no more. */
  async leave(): Promise<void> {
    const { settle } = this.#connections;
    if (!this.#joined || !settle.isReady) return;
    const { keys, group, consumer } = this.#member;
    const unbegun = this.#workload.drop().map(({ id }) => id);
    await leave
      .run(settle.client, [keys.stream, keys.retry, keys.alive], [group, consumer, ...unbegun])
      // Whoever reaps it does the same, a lease later.
      .catch(() => {});
  }

  /** Before the first read, and after whatever may have left entries behind. */
  async #prepare(): Promise<void> {
    try {
      await this.#join();
    } finally {
      this.#attempt();
    }
  }

  async #join(): Promise<void> {
    const client = await this.#connections.settle.ready(this.#reading.signal);
    if (!this.#joined) await assertSupported(client, this.#config.redis.host);
    await this.#ensureGroup(client);
    await this.#heartbeat.renew(this.#connections.settle);
    this.#joined = true;
    await this.#strays.repair();
  }

  async #ensureGroup(client: Redis): Promise<void> {
    const { keys, group } = this.#member;
    const { stream, floor, groups } = keys;
    // After the first time a missing group never begins at the stream's end: that would drop what came meanwhile.
    const redriven = this.#connections.read === undefined;
    const start = this.#config.startFrom === "new" && !this.#joined && !redriven ? "$" : "0";
    for (;;) {
      const found = await ensureGroup.run(client, [stream, floor, groups], [group, start, YOUNG_MS]);
      if (typeof found === "string") this.#hooks.emit("groupCreated", { stream, group, from: found });
      if (typeof found !== "number") return;
      if (!(await this.#readPause.for(found))) throw new ClosedError(`no longer waiting for ${group}`);
    }
  }

  #leaseLost(): boolean {
    const { lapsed, lapses } = this.#heartbeat;
    if (!lapsed && lapses === this.#lapses) return false;
    this.#lapses = lapses;
    return true;
  }

  #suspect(ids: readonly string[]): void {
    const fresh = ids.filter((id) => !this.#workload.holds(id));
    for (const id of fresh) this.#workload.hold(id);
    this.#suspects.add(fresh);
  }

  #createWorkload(): Workload {
    const owner = {
      leaseLost: () => this.#leaseLost(),
      dropped: () => {
        // What is still this consumer's is found again before the next read.
        this.#reader.prepareAgain();
        this.#workload.wake();
      },
      retryInPlace: async (delivery: Delivery, delayMs: number, error: unknown) => {
        await this.#settler.note(delivery.id, error);
        return (await this.#readPause.for(delayMs)) ? this.#adopt(delivery.id) : null;
      },
      parked: (delayMs: number) => this.#retries.expect(delayMs),
    };
    return new Workload(this.#member, this.#config, this.#dispatcher, this.#settler, owner, this.#hooks);
  }

  #createSuspects(): Suspects {
    return new Suspects(this.#config.maxRetries, {
      adopt: async (id) => (this.#reading.signal.aborted ? null : this.#adopt(id)),
      handle: (delivery) => this.#workload.handle(delivery),
      condemn: (delivery, error) => this.#workload.settle(delivery, { kind: "dead", error }),
      forget: (id) => this.#workload.settled(id),
      flushed: () => this.#settler.flushed(),
    });
  }

  /** Counts a delivery and begins it; `undefined` when it is not this consumer's any more, `null` when all ends. */
  async #adopt(id: string): Promise<Delivery | undefined | null> {
    const { keys, group, consumer } = this.#member;
    for (let failures = 0; ; failures++) {
      try {
        const client = await this.#connections.settle.ready(this.#settling.signal);
        const adopted = await adopt.run(client, [keys.stream], [group, consumer, id]);
        return adopted === null ? undefined : { id, fields: adopted[0], attempt: adopted[1] };
      } catch (error) {
        if (error instanceof Error && error.message.startsWith("NOGROUP")) return undefined;
        if (!(await this.#settlePause.afterFailure(failures, "taking over an entry", error))) return null;
      }
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
