import { Backlog } from "./backlog.js";
import { entityOf, typeOf } from "./codec.js";
import type { Config } from "./config.js";
import type { Connection } from "./connection.js";
import type { Delivery, Outcome } from "./delivery.js";
import type { Dispatcher } from "./dispatcher.js";
import { BlockingSource, type EntrySource, PollingSource } from "./entry-source.js";
import { PoisonError } from "./errors.js";
import type { LoopState } from "./health.js";
import type { Heartbeat } from "./heartbeat.js";
import type { HookBus } from "./hooks.js";
import type { StreamKeys } from "./keys.js";
import { adopt } from "./lua/adopt.js";
import { ensureGroup } from "./lua/ensure-group.js";
import { leave } from "./lua/leave.js";
import type { Member } from "./member.js";
import { Pause } from "./pause.js";
import { Reader } from "./reader.js";
import { Reaper } from "./reaper.js";
import { assertSupported } from "./requirement.js";
import { RetryQueue } from "./retry-queue.js";
import { Settler } from "./settler.js";
import { StrayFinder } from "./stray-finder.js";

/** The connections of a consumer. */
export interface ConsumerConnections {
  /** One of its own that blocks in reads; without it the stream is looked at now and then. */
  readonly read: Connection | undefined;
  readonly settle: Connection;
}

/** How much longer than its block a read may be silent before it counts as stuck. */
const STUCK_AFTER_MS = 3000;
/** How many may wait behind others of their entity, beside what there is room for otherwise. */
const MOST_BLOCKED = 10_000;
/** How many entries of dead consumers may wait to be examined. Only their ids are held. */
const MOST_SUSPECTS = 100;

/**
 * Takes one stream's entries to their handlers, so many at once, and settles each when its handler has ended. What it
 * holds is bounded: as many as run at once, and as many again (one batch at most) that wait.
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
  readonly #settler: Settler;
  readonly #retries: RetryQueue;
  readonly #strays: StrayFinder;
  readonly #reaper: Reaper;
  readonly #source: EntrySource;
  readonly #reader: Reader;
  readonly #settlePause: Pause;
  readonly #capacity: number;
  readonly #prefetch: number;
  readonly #backlog: Backlog;
  /** Everything handed to this consumer and not yet settled, by entry id. */
  readonly #inFlight = new Set<string>();
  /** Released for another try while their last one was still being settled. */
  readonly #returning = new Map<string, Delivery>();
  /** Taken over from the dead, not yet begun. */
  readonly #suspects: string[] = [];
  #examining: Promise<void> | undefined;
  /** How often the lease had lapsed when that was last looked at. */
  #lapses = 0;
  #running = 0;
  #waiters: (() => void)[] = [];
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
    this.#prefetch = Math.min(config.batchSize, config.concurrency);
    this.#capacity = config.concurrency + this.#prefetch;
    this.#backlog = new Backlog(
      config.order === "entity" ? ({ fields }) => (fields === null ? undefined : entityOf(fields)) : undefined,
    );

    const { settle, read } = connections;
    const readPause = new Pause(this.#reading.signal, hooks);
    this.#settlePause = new Pause(this.#settling.signal, hooks);
    const sink = {
      room: () => this.#room(),
      roomier: () => this.#roomier(),
      take: (deliveries: readonly Delivery[]) => this.#take(deliveries),
      isHeld: (id: string) => this.#inFlight.has(id),
      suspect: (ids: readonly string[]) => this.#suspect(ids),
      prepare: () => this.#prepare(),
    };
    this.#settler = new Settler(member, config.service, settle, this.#settlePause, (id) => this.#settled(id));
    const retried = {
      room: () => this.#roomForRetries(),
      take: (deliveries: readonly Delivery[]) => this.#takeAgain(deliveries),
    };
    this.#retries = new RetryQueue(member, settle, retried, readPause);
    this.#strays = new StrayFinder(member, settle, sink, readPause);
    const suspects = { ...sink, room: () => (this.#joined ? MOST_SUSPECTS - this.#suspects.length : 0) };
    this.#reaper = new Reaper(member, config, settle, suspects, readPause, hooks);
    this.#source =
      read === undefined
        ? new PollingSource(member, config.blockTimeMs, settle, readPause)
        : new BlockingSource(member, config.blockTimeMs, read, readPause);
    this.#reader = new Reader(this.#source, config.batchSize, sink, readPause);
  }

  /** Begins to read, in the background. Returns at once; an unreachable Redis is waited for. */
  start(): void {
    this.#loops = [this.#reader.run(), this.#retries.run(), this.#reaper.run()];
  }

  get keys(): StreamKeys {
    return this.#member.keys;
  }

  /** What its reading is doing. */
  get loop(): LoopState {
    if (this.#reading.signal.aborted) return "stopped";
    if (this.#joined && this.#room() === 0) return "busy";
    // A read that waits comes back within its block; a while longer, and Redis does not answer.
    return this.#reader.silentMs < this.#config.blockTimeMs + STUCK_AFTER_MS ? "reading" : "stuck";
  }

  /** What other consumers' heartbeats looked like before an outage says nothing about them now. */
  reconnected(): void {
    this.#reaper.forget();
  }

  /**
   * Reads no more, lets what it holds be handled until the deadline, and gives the rest back so that another consumer
   * has it at once.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#reading.abort();
    this.#attempt();
    this.#wakeWaiters();
    await this.#source.interrupt(this.#connections.settle);
    await Promise.all(this.#loops);
    await Promise.race([this.#drained(), aborted(deadline)]);
    this.#settling.abort();
    this.#dispatcher.stop();
    if (this.#joined) await this.#leave().catch(() => {});
  }

  /** Resolves when it has joined its group, or has failed to for the first time. */
  get attempted(): Promise<void> {
    return this.#attempted;
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
    const { keys, group } = this.#member;
    const client = await this.#connections.settle.ready(this.#reading.signal);
    if (!this.#joined) await assertSupported(client, this.#config.redis.host);
    // After the first time a missing group never begins at the stream's end: that would drop what came meanwhile.
    const redriven = this.#connections.read === undefined;
    const start = this.#config.startFrom === "new" && !this.#joined && !redriven ? "$" : "0";
    const from = await ensureGroup.run(client, [keys.stream, keys.floor, keys.groups], [group, start]);
    if (from !== null) this.#hooks.emit("groupCreated", { stream: keys.stream, group, from });
    await this.#heartbeat.renew(this.#connections.settle);
    this.#joined = true;
    await this.#strays.repair();
  }

  #room(): number {
    // Nothing is taken before the first heartbeat: it would look abandoned.
    if (!this.#joined) return 0;
    // Reads are worth their round trip only when a good part of a batch has room.
    if (this.#backlog.ready > this.#prefetch / 2 || this.#backlog.blocked > MOST_BLOCKED) return 0;
    return Math.max(0, this.#capacity - this.#held);
  }

  /** A little more than for new entries: those come whenever there is room, and retries would never have any. */
  #roomForRetries(): number {
    if (!this.#joined) return 0;
    return Math.max(0, this.#capacity + Math.ceil(this.#prefetch / 4) - this.#held);
  }

  /** How many are in hand, beside those that only wait for their turn. */
  get #held(): number {
    return this.#inFlight.size - this.#backlog.blocked - this.#suspects.length;
  }

  #roomier(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #take(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      // Found again as a stray, or claimed twice: it is in hand already.
      if (this.#inFlight.has(delivery.id)) continue;
      this.#inFlight.add(delivery.id);
      this.#backlog.push(delivery);
    }
    this.#pump();
  }

  /** A retry may be back before the answer that it was laid aside has been seen: then it waits for that. */
  #takeAgain(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) if (this.#inFlight.has(delivery.id)) this.#returning.set(delivery.id, delivery);
    this.#take(deliveries);
  }

  #pump(): void {
    const { lapsed, lapses } = this.#heartbeat;
    if (lapsed || lapses !== this.#lapses) {
      this.#lapses = lapses;
      this.#dropUnbegun();
    }
    while (this.#running < this.#config.concurrency) {
      const delivery = this.#backlog.next();
      if (delivery === undefined) return;
      this.#begin(delivery, true);
    }
  }

  /**
   * Has a delivery handled and settles it. What is handled at once costs no promise.
   *
   * @param inLane - whether it came by the backlog, so that its lane is free when it has ended
   */
  #begin(delivery: Delivery, inLane: boolean, finished?: () => void): void {
    this.#running++;
    const ended = (outcome: Outcome): void => {
      this.#running--;
      this.#settle(delivery, outcome, inLane);
      finished?.();
      this.#pump();
    };
    const outcome = this.#dispatcher.dispatch(delivery, ended);
    if (outcome === undefined) return;
    this.#running--;
    this.#settle(delivery, outcome, inLane);
    finished?.();
  }

  #finish(delivery: Delivery, inLane: boolean): Promise<void> {
    return new Promise((resolve) => this.#begin(delivery, inLane, resolve));
  }

  /**
   * The lease has lapsed (this process was stopped, or Redis was away): others may have taken what is held. What has
   * not begun is let go; what is still this consumer's is found again before the next read.
   */
  #dropUnbegun(): void {
    const dropped = this.#backlog.drop();
    if (dropped.length === 0) return;
    for (const { id } of dropped) this.#inFlight.delete(id);
    this.#reader.prepareAgain();
    this.#wakeWaiters();
  }

  #settle(delivery: Delivery, outcome: Outcome, inLane: boolean): void {
    const { keys, group } = this.#member;
    const { id, attempt } = delivery;
    if (outcome.kind === "done") {
      this.#settler.ack(id, attempt);
      if (inLane) this.#backlog.finished(delivery);
      return;
    }
    const type = delivery.fields === null ? undefined : typeOf(delivery.fields);
    switch (outcome.kind) {
      case "retry": {
        this.#hooks.emit("retried", {
          stream: keys.stream,
          group,
          entryId: id,
          type,
          attempt,
          delayMs: outcome.delayMs,
        });
        if (inLane && this.#config.order === "entity") {
          void this.#retryInPlace(delivery, outcome.delayMs, outcome.error);
          return;
        }
        this.#settler.park(id, outcome.delayMs, outcome.error);
        this.#retries.expect(outcome.delayMs);
        break;
      }
      case "dead": {
        this.#settler.bury(delivery, outcome.error);
        this.#hooks.emit("deadLettered", {
          stream: keys.stream,
          group,
          entryId: id,
          type,
          attempt,
          error: outcome.error,
        });
      }
    }
    if (inLane) this.#backlog.finished(delivery);
  }

  /** Keeps a failed delivery in hand, and with it its entity's lane, until it is tried again. */
  async #retryInPlace(delivery: Delivery, delayMs: number, error: unknown): Promise<void> {
    await this.#settler.note(delivery.id, error);
    if (!(await new Pause(this.#reading.signal, this.#hooks).for(delayMs))) return;
    const again = await this.#adopt(delivery.id);
    if (again === undefined) {
      this.#backlog.finished(delivery);
      this.#settled(delivery.id);
    } else if (again !== null) {
      await this.#finish(again, true);
    }
  }

  /** Those that were in a dead consumer's hands run one at a time: the one that kills its process is found so. */
  #suspect(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#inFlight.has(id)) continue;
      this.#inFlight.add(id);
      this.#suspects.push(id);
    }
    this.#examining ??= this.#examine().finally(() => {
      this.#examining = undefined;
    });
  }

  async #examine(): Promise<void> {
    for (let id = this.#suspects.shift(); id !== undefined; id = this.#suspects.shift()) {
      const delivery = this.#reading.signal.aborted ? null : await this.#adopt(id);
      if (delivery === null) return;
      if (delivery === undefined) this.#settled(id);
      else if (delivery.attempt > 1 + this.#config.maxRetries) {
        this.#settle(delivery, { kind: "dead", error: new PoisonError(delivery.attempt - 1) }, false);
      } else await this.#finish(delivery, false);
      // Or one that was handled is still pending when the next kills the process, and is blamed for it in the end.
      await this.#settler.flushed();
    }
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

  #settled(id: string): void {
    this.#inFlight.delete(id);
    const again = this.#returning.get(id);
    if (again !== undefined) {
      this.#returning.delete(id);
      this.#take([again]);
    }
    if (this.#waiters.length > 0 && this.#room() > 0) this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  async #drained(): Promise<void> {
    while (this.#running > 0 || this.#backlog.ready > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await this.#settler.drained();
  }

  async #leave(): Promise<void> {
    const { keys, group, consumer } = this.#member;
    if (!this.#connections.settle.isReady) return;
    const unbegun = this.#backlog.drop().map(({ id }) => id);
    const { client } = this.#connections.settle;
    await leave.run(client, [keys.stream, keys.retry, keys.alive], [group, consumer, ...unbegun]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
