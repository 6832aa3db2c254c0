import type { Redis } from "ioredis";
import type { RedisConfig } from "../config/redis-config.js";
import { ClosedError, type ConnectionError, MessagingError } from "../errors.js";
import { type Clock, LONGEST_TIMER_MS, type Timer } from "../time/clock.js";
import { LOOKS } from "../time/looks.js";
import { Authentication } from "./authentication.js";
import { createClient, nameOf } from "./client.js";
import { credentialSourceOf } from "./credentials.js";
import { discreet } from "./discreet.js";
import { ourError } from "./driver-error.js";
import { limitHandshakes } from "./handshake-limit.js";
import { RoleWatch } from "./role-watch.js";
import { endWhenSilent } from "./silence.js";
import { isRefused, unreachable } from "./unreachable.js";
import { Waiting } from "./waiting.js";
import { Whereabouts } from "./whereabouts.js";

export type Client = Redis;

/** How many sessions the connections of this process have had. */
let sessions = 0;

/** The purpose of a connection, and part of its name in `CLIENT LIST`. To read is to block: replies may take long. */
export type ConnectionRole = "publish" | "replicated" | "settle" | "subscribe" | "catch-up" | `read:${string}`;

/**
 * A connection to Redis that reconnects by itself. Commands are neither queued meanwhile nor sent twice: a command that
 * is under way when the link breaks is rejected, because only its sender knows whether it may be repeated.
 */
export class Connection {
  readonly role: ConnectionRole;
  /** Where Redis is, for error texts: `host:port`, or the path of a socket. */
  readonly address: string;
  /** Use it after {@link ready} only. */
  readonly client: Redis;
  readonly follows = false;
  readonly #config: RedisConfig;
  readonly #clock: Clock;
  readonly #watchdogs: readonly Timer[] = [];
  readonly #whereabouts: Whereabouts;
  readonly #endMoves: () => void;
  /** Whether it is only waiting for what is under way, and then leaves for another node. */
  #isLeaving = false;
  #lastError: Error | undefined;
  /** Whether Redis has said why the present attempt to connect fails. */
  #isExplained = false;
  #session = 0;
  #isAgain = false;
  #lookedAt: number;
  #closed = false;
  /** Whether it is used to read alone: replies may take long, and what is lost with one is found again. */
  readonly isDedicated: boolean;
  readonly authentication: Authentication;
  readonly #waiting = new Waiting();

  /** @param slot - of a cluster, whose master it is to be connected to; any node without one */
  constructor(config: RedisConfig, service: string, role: ConnectionRole, clock: Clock, slot?: number) {
    this.role = role;
    this.address = config.address;
    this.#config = config;
    this.#clock = clock;
    this.#lookedAt = clock.now();
    const credentials = credentialSourceOf(config, clock);
    this.isDedicated = role.startsWith("read:");
    this.#whereabouts = new Whereabouts(config, clock, { slot, isDedicated: this.isDedicated });
    this.client = createClient(config, {
      connectionName: nameOf(service, role),
      connectTimeout: Math.min(LONGEST_TIMER_MS, config.connectionTimeoutMs),
      credentials,
      clock,
      isClosed: () => this.#closed,
      leavesOn: (error) => this.#whereabouts.leavesOn(error),
      search: this.#whereabouts.search,
    });
    this.#endMoves = this.#whereabouts.onMoved(() => this.leave());
    // An `error` event without a listener ends the process.
    this.client.on("error", (error: Error) => {
      // What Redis says before it hangs up tells more than the broken pipe that follows.
      if (this.#isExplained && error.name !== "ReplyError") return;
      this.#isExplained = error.name === "ReplyError";
      this.#lastError = discreet(error);
      if (isRefused(error) && this.authentication.refused()) this.#waiting.end(this.failure());
    });
    this.client.on("connecting", () => {
      this.#isExplained = false;
    });
    this.client.on("ready", () => {
      this.#lastError = undefined;
      this.authentication.accepted();
      this.#isLeaving = false;
      this.#isAgain = this.#session > 0;
      this.#session = ++sessions;
      this.#waiting.end(undefined);
    });
    // Each part that uses it listens.
    this.client.setMaxListeners(0);
    this.client.on("end", () => this.#waiting.end(new ClosedError(`connection ${role}`)));
    this.authentication = new Authentication(this, credentials);
    limitHandshakes(this.client, config.connectionTimeoutMs, clock, () => this.renew());
    // A blocking read has a time limit of its own, and a replica refuses it.
    if (this.isDedicated) return;
    const watch = new RoleWatch(this);
    const isAnyNode = this.#whereabouts.search?.wantsMaster === false;
    // At first it only learns: an address that still leads to the replica would have it reconnect without a pause.
    if (!isAnyNode) this.client.on("ready", () => watch.ask(() => {}));
    const { socketTimeoutMs } = config;
    const renew = (): void => this.renew();
    const asking = clock.every(socketTimeoutMs, () => (isAnyNode ? watch.askCluster(renew) : watch.ask(renew)));
    const looking = endWhenSilent(this.client, socketTimeoutMs, clock, () => {
      this.#lookedAt = clock.now();
    });
    this.#watchdogs = [asking, looking];
  }

  /** Calls back whenever commands can be sent: the first time, and again after each loss. */
  onReady(call: (again: boolean) => void): void {
    this.client.on("ready", () => call(this.#isAgain));
  }

  /** Calls back once for each loss of the connection, but not for {@link close} or a failed attempt to connect. */
  onLost(call: (error: Error | undefined) => void): void {
    let lostSession = this.#session;
    this.client.on("close", () => {
      if (this.#session > lostSession && !this.#closed) call(this.#lastError);
      lostSession = this.#session;
    });
  }

  /** Names the present session, as no other of any connection is named. 0 before the first. */
  get session(): number {
    return this.#session;
  }
  get connection(): Connection {
    return this;
  }
  /** The address of the node that it was last connected to, where that may change. */
  get node(): string {
    return this.#whereabouts.node;
  }
  get isReady(): boolean {
    // Between the end of its socket and the news of that, the client would refuse commands that could wait.
    return this.client.status === "ready" && this.client.stream.writable && !this.#isLeaving;
  }

  /** Whether the event loop has read no sockets for a while: the process was stopped, or busy. */
  get hasStoodStill(): boolean {
    return this.#clock.now() - this.#lookedAt > (this.#config.socketTimeoutMs / LOOKS) * 1.5;
  }

  /**
   * Resolves when commands can be sent. The first call connects.
   * @throws {ConnectionError} `REDIS_UNAVAILABLE` after the connection timeout, `REDIS_REFUSED` at once
   */
  async ready(signal?: AbortSignal): Promise<Redis> {
    if (this.isReady) return this.client;
    if (this.#closed) throw new ClosedError(`connection ${this.role}`);
    if (this.client.status === "wait") this.client.connect().catch(() => {});
    const late = (): Error | undefined => (this.isReady ? undefined : this.failure());
    const aborted = (): Error => new ClosedError(`connection ${this.role}`);
    await this.#waiting.wait({ limitMs: this.#config.connectionTimeoutMs, clock: this.#clock, signal, late, aborted });
    return this.client;
  }

  /**
   * Asks Redis what may be asked twice: once more when the link breaks meanwhile.
   * @throws {ConnectionError} also for what the driver throws
   */
  async ask<Reply>(what: string, question: (client: Redis) => Promise<Reply>, signal?: AbortSignal): Promise<Reply> {
    for (let isFirst = true; ; isFirst = false) {
      const client = await this.ready(signal);
      try {
        return await question(client);
      } catch (error) {
        const isLost = !(error instanceof MessagingError) && (error as Error).name !== "ReplyError";
        if (!isLost || !isFirst || this.#closed) throw ourError(error, this.address, what, this.#whereabouts.follows);
      }
    }
  }

  /** Closes the present socket and reconnects. */
  renew(): void {
    if (!this.#closed) this.client.disconnect(true);
  }

  /** Another node serves now: connects to that one as soon as what is under way has been answered. */
  leave(): void {
    const renew = (): void => this.renew();
    if (!this.isReady) {
      if (this.client.status.startsWith("connect")) this.client.stream?.destroy();
    } else if (this.isDedicated) renew();
    else {
      this.#isLeaving = true;
      // Replies come in the order of the commands.
      this.client.ping().then(renew, renew);
    }
  }

  /** Closes the connection for good, as soon as what is under way has been answered. */
  retire(): void {
    const close = (): void => this.close();
    if (!this.isReady) close();
    else {
      this.#isLeaving = true;
      this.client.ping().then(close, close);
    }
  }

  /** Closes the connection for good. Commands under way are rejected. */
  close(): void {
    this.#closed = true;
    for (const watchdog of this.#watchdogs) watchdog.cancel();
    this.authentication.end();
    this.#endMoves();
    this.client.disconnect(false);
    // Between two attempts to connect the client tells nobody.
    this.#waiting.end(new ClosedError(`connection ${this.role}`));
  }

  /** Why commands cannot be sent. `undefined` while they can, and before the first use. */
  get problem(): ConnectionError | undefined {
    return this.isReady || this.client.status === "wait" ? undefined : this.failure();
  }

  /** Resolves when an attempt to connect has failed since commands could be sent last. */
  async away(): Promise<void> {
    if (!this.isReady && this.#lastError !== undefined) return;
    await new Promise((resolve) => this.client.once("error", resolve));
  }

  /** The reason why the connection is not ready. */
  failure(): ConnectionError {
    const silence = this.client.status === "connect" ? "it does not answer, or still loads its data" : "no answer";
    return unreachable(this.#config, { cause: this.#lastError, silence, found: this.#whereabouts.described });
  }
}
