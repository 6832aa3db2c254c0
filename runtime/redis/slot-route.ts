import type { Redis } from "ioredis";
import { ClosedError, type ConnectionError } from "../errors.js";
import type { Clock } from "../time/clock.js";
import { Pause } from "../time/pause.js";
import type { Connection } from "./connection.js";
import { isRedirect } from "./reply.js";
import type { Route } from "./route.js";
import { noMaster } from "./slot-finder.js";
import type { Topology } from "./topology.js";
import type { VainWaits } from "./vain-waits.js";

/** For how long what may be asked twice is repeated while a slot is moving. */
const REDIRECTED_MS = 2000;
/** The pause between two attempts: the move of a key takes milliseconds. */
const PAUSE_MS = 50;

const NEVER = new AbortController().signal;

export interface SlotRouteParts {
  readonly topology: Topology;
  readonly clock: Clock;
  readonly address: string;
  readonly limitMs: number;
  /** Where it is given, what was waited for in vain is not waited for again. */
  readonly vain?: VainWaits | undefined;
  /** The connection of a master, by the lowest of its slots. */
  readonly connectionOf: (leader: number) => Connection;
  /** Called before a connection is opened. @throws {ConfigError} when there are as many as may be */
  readonly admit: () => void;
  /** The reason why the cluster is not known, as an error that says what to do. */
  readonly unknown: (cause: Error | undefined) => ConnectionError;
}

/** The route to the master of a slot. Who waits for it is told when another master serves the slot meanwhile. */
export class SlotRoute implements Route {
  readonly follows = true;
  readonly #slot: number;
  readonly #parts: SlotRouteParts;
  /** Why the cluster could not be asked last. */
  #failure: Error | undefined;

  constructor(slot: number, parts: SlotRouteParts) {
    this.#slot = slot;
    this.#parts = parts;
  }

  get address(): string {
    return this.#parts.address;
  }

  get connection(): Connection {
    return this.#present ?? this.#parts.connectionOf(this.#slot);
  }

  get client(): Redis {
    return this.connection.client;
  }

  get isReady(): boolean {
    return this.#present?.isReady ?? false;
  }

  get hasStoodStill(): boolean {
    return this.#present?.hasStoodStill ?? false;
  }

  get problem(): ConnectionError | undefined {
    if (this.#present !== undefined) return this.#present.problem;
    return this.#failure && this.failure();
  }

  failure(): ConnectionError {
    return this.#present?.failure() ?? this.#parts.unknown(this.#failure);
  }

  async ready(signal?: AbortSignal): Promise<Redis> {
    const { clock, limitMs } = this.#parts;
    const until = clock.now() + limitMs;
    for (;;) {
      const present = this.#present;
      if (present?.isReady) return present.client;
      if (signal?.aborted) throw new ClosedError("connection");
      if (present !== undefined && this.#parts.vain?.has(present)) throw present.failure();
      if (present === undefined) await this.#look(until, signal);
      else await this.#readied(present, signal);
    }
  }

  async ask<Reply>(what: string, question: (client: Redis) => Promise<Reply>, signal?: AbortSignal): Promise<Reply> {
    const { clock } = this.#parts;
    let until: number | undefined;
    for (;;) {
      await this.ready(signal);
      const { connection } = this;
      try {
        return await connection.ask(what, question, signal);
      } catch (error) {
        const isElsewhere = connection !== this.connection || isRedirect((error as Error).cause);
        // The first attempt may have waited for a connection.
        until ??= clock.now() + REDIRECTED_MS;
        if (!isElsewhere || clock.now() > until || signal?.aborted) {
          if (!connection.isReady) this.#parts.vain?.note(connection);
          throw error;
        }
        this.renew();
        await this.#pause(signal);
      }
    }
  }

  async away(): Promise<void> {
    if (this.#present === undefined) await this.#parts.topology.refresh().catch(() => {});
    // A slot that no master serves is away, too.
    await this.#present?.away();
  }

  renew(): void {
    this.#parts.topology.refresh().catch(() => {});
  }

  get #present(): Connection | undefined {
    const leader = this.#parts.topology.leaderOf(this.#slot);
    return leader === undefined ? undefined : this.#parts.connectionOf(leader);
  }

  /** The wait is not in vain when another master serves the slot meanwhile. */
  async #readied(present: Connection, signal: AbortSignal | undefined): Promise<void> {
    if (present.client.status === "wait") this.#parts.admit();
    try {
      await present.ready(signal);
    } catch (error) {
      if (signal?.aborted || this.#present === present) {
        this.#parts.vain?.note(present);
        throw error;
      }
    }
  }

  async #look(untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { topology, clock, vain } = this.#parts;
    const missing = (): Error | undefined =>
      topology.ownerOf(this.#slot) === undefined ? noMaster(this.#slot) : undefined;
    try {
      await topology.until(missing, vain?.isLost ? 0 : untilMs - clock.now(), signal);
      this.#failure = undefined;
      if (vain !== undefined) vain.isLost = false;
    } catch (error) {
      if (error instanceof ClosedError) throw error;
      if (vain !== undefined) vain.isLost = true;
      this.#failure = error as Error;
      throw this.failure();
    }
  }

  #pause(signal = NEVER): Promise<boolean> {
    return new Pause(signal, this.#parts.clock, () => {}).for(PAUSE_MS);
  }
}
