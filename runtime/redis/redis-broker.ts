// redis/ implements the port; only it knows ioredis. It may import broker/, config/, messaging/, time/, contract/.
import type { Appender } from "../broker/append.js";
import type { Answers, Broker } from "../broker/broker.js";
import type { Log } from "../broker/log.js";
import type { MemberPlace, MemberSignals, Members, Membership } from "../broker/membership.js";
import type { Transfer, Transferred } from "../broker/transfer.js";
import type { Config } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Clock } from "../time/clock.js";
import { Pause } from "../time/pause.js";
import { type Client, Connection, type ConnectionRole } from "./connection.js";
import { ourError } from "./driver-error.js";
import { EntryAppender } from "./entry-appender.js";
import { BlockingSource, pollingSource, type SourceParts } from "./entry-source.js";
import { greatestId } from "./greatest-id.js";
import { Heartbeat, type HeartbeatParts } from "./heartbeat.js";
import { answerKey, redriveKeys, type StreamKeys, streamKeys } from "./keys.js";
import { boundLetters } from "./letters.js";
import { answered } from "./lua/answer.js";
import { readPage } from "./page.js";
import { RedisClock } from "./redis-clock.js";
import { RedisMembership } from "./redis-membership.js";
import { assertSupported, evictionPolicy } from "./requirement.js";
import { sendAnswer } from "./send-answer.js";
import { RedisSubscriptions } from "./subscriptions.js";
import { transferEntries } from "./transfer-entries.js";
import { trimStream } from "./trim-stream.js";

/** The broker that delivery uses in production: one Redis, over one connection for each role. */
export class RedisBroker implements Broker {
  readonly appender: Appender;
  readonly clock: RedisClock;
  readonly #parts: HeartbeatParts;
  readonly #connections = new Map<ConnectionRole, Connection>();
  readonly #publish: Connection;
  readonly #settle: Connection;
  #subscriptions: RedisSubscriptions | undefined;
  #hasMembers = false;

  constructor(config: Config, hooks: HookBus, clock: Clock) {
    this.#parts = { config, hooks, clock };
    this.#publish = this.#connection("publish");
    this.#settle = this.#connection("settle");
    this.clock = new RedisClock([this.#settle, this.#publish], clock);
    this.appender = new EntryAppender(this.#publish, config.publishBufferBytes);
  }

  readonly answers: Answers = {
    find: (stream, commandId) =>
      this.#publish.ask("looking for an answer", (client) => client.get(answerKey(stream, commandId))),
    failure: () => this.#connections.get("subscribe")?.problem ?? this.#publish.problem,
    check: async (stream, commandId, givenUpAt, waiting) => {
      // Reading a handler's signal creates it.
      const client = this.#settle.isReady ? this.#settle.client : await this.#settle.ready(waiting.signal);
      return answered.run(client, [answerKey(stream, commandId)], [givenUpAt]);
    },
    give: async (given) => {
      const { group } = this.#parts.config;
      await this.#settle.ready();
      const refused = await sendAnswer(this.#settle, streamKeys(given.stream, group), group, { given, id: "" });
      if (refused !== undefined) throw refused;
    },
  };

  get isReady(): boolean {
    return this.#settle.isReady;
  }

  /** Created at the first use: few services need its connection. */
  get subscriptions(): RedisSubscriptions {
    const { clock, hooks } = this.#parts;
    this.#subscriptions ??= new RedisSubscriptions(this.#connection("subscribe"), clock, hooks.trouble);
    return this.#subscriptions;
  }

  async connect(signal: AbortSignal): Promise<{ readonly evictionPolicy: string | undefined }> {
    const client = await this.#settle.ready(signal);
    await assertSupported(client, this.#settle.address);
    return { evictionPolicy: await evictionPolicy(client) };
  }

  assertAffordable(streams: readonly string[]): void {
    // To publish, to settle, to subscribe, for the heartbeat; and for the blocking reads of each stream.
    const needed = 4 + streams.length;
    const { maxConnections } = this.#parts.config.redis;
    if (needed <= maxConnections) return;
    throw new ConfigError([
      `REDIS_MAX_CONNECTIONS is ${maxConnections}, but ${needed} are needed to handle ${streams.join(", ")}: allow more, or handle fewer streams here`,
    ]);
  }

  async ping(): Promise<number> {
    const client = await (this.#hasMembers ? this.#settle : this.#publish).ready();
    const { clock } = this.#parts;
    const began = clock.now();
    await client.ping();
    return clock.now() - began;
  }

  transfer(given: Transfer): Promise<Transferred> {
    return transferEntries(this.#publish, given);
  }

  log(stream: string): Log {
    return this.#log(streamKeys(stream, this.#parts.config.group));
  }

  members(): Members {
    const heartbeat = new Heartbeat(this.#parts);
    this.#hasMembers = true;
    return {
      get heartbeat() {
        return heartbeat.state;
      },
      add: (place, signals) => this.#member(place, signals, heartbeat),
      start: () => {
        this.clock.start();
        heartbeat.start(this.#settle);
      },
      stop: async () => {
        await heartbeat.stop();
        this.#hasMembers = false;
      },
    };
  }

  close(): void {
    this.clock.stop();
    this.#subscriptions?.close();
    for (const connection of this.#connections.values()) connection.close();
  }

  /** Housekeeping opens no connection of its own and waits for none. Resolves to `undefined` without one. */
  async #tidy<Reply>(what: string, work: (client: Client) => Promise<Reply>): Promise<Reply | undefined> {
    const connection = [this.#settle, this.#publish].find(({ isReady }) => isReady);
    return (
      connection &&
      work(connection.client).catch((error: unknown) => {
        throw ourError(error, connection.address, what);
      })
    );
  }

  #connection(role: ConnectionRole): Connection {
    const existing = this.#connections.get(role);
    if (existing !== undefined) return existing;
    const { config, hooks, clock } = this.#parts;
    const connection = new Connection(config.redis, config.service, role, clock);
    connection.onReady((again) => hooks.emit("connected", { role, again }));
    connection.onLost((error) => hooks.emit("disconnected", { role, error }));
    this.#connections.set(role, connection);
    return connection;
  }

  #log(keys: StreamKeys): Log {
    const { stream, prefix, redrive } = keys;
    return {
      stream,
      trim: async ({ maxAgeMs, maxLength, lockMs, graceMs, expireGroups }) => {
        const policy = expireGroups ? "expire-group" : "";
        // One group alone reads a redrive stream, whose keys are not followed by its name.
        const args = [prefix, stream === redrive ? "" : ":", maxAgeMs, maxLength, lockMs, graceMs, policy];
        return this.#tidy(`trimming ${stream}`, (client) => trimStream(client, keys, args));
      },
      boundDeadLetters: async (bounds) => {
        // The dead letters of a redrive stream are those of the stream.
        if (stream === redrive) return [];
        const what = `bounding the dead letters of ${stream}`;
        return (await this.#tidy(what, (client) => boundLetters(client, keys, bounds))) ?? [];
      },
      // Over a connection of its own, so that no publish waits for what many screens have missed.
      readAfter: (id, count) =>
        this.#connection("catch-up").ask(`reading ${stream}`, (client) =>
          readPage(client, stream, { from: `(${id}`, most: count, maxEntryBytes: this.#parts.config.maxMessageBytes }),
        ),
      lastId: () => this.#publish.ask(`reading the end of ${stream}`, (client) => greatestId(client, stream)),
    };
  }

  #member(place: MemberPlace, signals: MemberSignals, heartbeat: Heartbeat): Membership {
    const { config, hooks, clock } = this.#parts;
    const { stream, group, consumer, redriven, answers, handles } = place;
    // A command that nobody handles is answered by what it says. With an order all wait in the lanes of their entities.
    const needsAll = answers || config.order === "entity";
    const own = streamKeys(stream, group);
    const keys = redriven ? redriveKeys(own, group) : own;
    const settle = this.#settle;
    const parts: SourceParts = {
      place: {
        stream: keys.stream,
        group,
        consumer,
        floor: answers ? keys.floor : undefined,
        wanted: needsAll ? undefined : new Set(handles),
      },
      blockTimeMs: config.blockTimeMs,
      isOrdered: config.order === "entity",
      replyBytes: config.replyBytes,
      maxEntryBytes: config.maxMessageBytes,
      connection: redriven ? settle : this.#connection(`read:${stream}`),
      settle,
      pause: new Pause(signals.reading, clock, hooks.trouble),
      clock,
    };
    const source = redriven ? pollingSource(parts) : new BlockingSource(parts);
    heartbeat.add(keys, group, consumer);
    const { leaseMs, replyBytes, maxMessageBytes: maxEntryBytes } = config;
    const given = { keys, settle, source, heartbeat, log: this.#log(keys), clock, pause: parts.pause, signals };
    return new RedisMembership(place, { ...given, leaseMs, replyBytes, maxEntryBytes });
  }
}
