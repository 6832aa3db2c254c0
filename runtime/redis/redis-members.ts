import type { Log } from "../broker/log.js";
import type { MemberPlace, MemberSignals, Members, Membership } from "../broker/membership.js";
import type { Shares } from "../broker/shares.js";
import type { HeartbeatState } from "../broker/signs-of-life.js";
import { Pause } from "../time/pause.js";
import type { ConnectionPool } from "./connection-pool.js";
import type { Copies } from "./copies.js";
import { BlockingSource, type EntrySource, pollingSource, type SourceParts } from "./entry-source.js";
import { fenced, type Ownership, ownershipOf } from "./fenced.js";
import type { HeartbeatParts } from "./heartbeat-thread.js";
import { Heartbeats } from "./heartbeats.js";
import type { History } from "./history.js";
import { redriveKeys, type StreamKeys, streamKeys } from "./keys.js";
import type { MasterClocks } from "./master-clocks.js";
import { OwnedMembership } from "./owned-membership.js";
import { OwnedSource } from "./owned-source.js";
import { RedisMembership } from "./redis-membership.js";
import { RedisShares } from "./redis-shares.js";

export interface MembersParts extends HeartbeatParts {
  readonly pool: ConnectionPool;
  readonly clocks: MasterClocks;
  readonly copies: Copies;
  readonly history: History;
  readonly logOf: (keys: StreamKeys) => Log;
  /** Called when their heartbeat has ended. */
  readonly stopped: () => void;
}

/** The consumers of one start of a service, with what each reads from and writes to. */
export class RedisMembers implements Members {
  readonly #parts: MembersParts;
  readonly #heartbeats: Heartbeats;

  constructor(parts: MembersParts) {
    this.#parts = parts;
    this.#heartbeats = new Heartbeats(parts, parts.pool);
  }

  get heartbeat(): HeartbeatState {
    return this.#heartbeats.state;
  }

  add(place: MemberPlace, signals: MemberSignals): Membership {
    const { config, hooks, clock, pool, history, copies, logOf } = this.#parts;
    const { stream, group, consumer, redriven, answers, handles } = place;
    // A command that nobody handles is answered by what it says. With an order all wait in the lanes of their entities.
    const needsAll = answers || config.order === "entity";
    const own = streamKeys(stream, group);
    const keys = redriven ? redriveKeys(own, group) : own;
    const { lease } = place;
    const ownership = lease && ownershipOf(lease, group, redriven);
    const heartbeat = this.#heartbeats.of(lease?.stream ?? stream);
    const route = pool.route("settle", stream);
    const settle = ownership === undefined ? route : fenced(route, ownership);
    const parts: Omit<SourceParts, "connection"> = {
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
      settle,
      pause: new Pause(signals.reading, clock, hooks.trouble),
      clock,
    };
    const source = redriven
      ? pollingSource(parts)
      : history.watching(
          stream,
          ownership === undefined
            ? new BlockingSource({ ...parts, connection: pool.own(`read:${stream}`, stream) })
            : this.#ownedSource(parts, ownership, signals),
        );
    if (lease === undefined) heartbeat.add(keys, group, consumer);
    const { leaseMs, replyBytes, maxMessageBytes: maxEntryBytes } = config;
    const given = {
      keys,
      settle,
      source,
      heartbeat,
      copies,
      log: logOf(keys),
      clock,
      pause: parts.pause,
      signals,
    };
    const isOwner = lease !== undefined;
    const membership = new RedisMembership(place, { ...given, isOwner, leaseMs, replyBytes, maxEntryBytes });
    if (lease === undefined || ownership === undefined) return membership;
    return new OwnedMembership(membership, { lease, ownership, keys, settle, reading: signals.reading });
  }

  share(stream: string, consumer: string, signal: AbortSignal): Shares {
    const { config, clock, pool, copies } = this.#parts;
    const own = { heartbeat: this.#heartbeats.of(stream), copies };
    const parts = {
      ...own,
      linkOf: (each: string) => pool.route("settle", each),
      clock,
      signal,
      leaseMs: config.leaseMs,
    };
    return new RedisShares({ stream, group: config.group, consumer }, parts);
  }

  start(): void {
    for (const stream of this.#heartbeats.streams) this.#parts.clocks.of(stream, "settle").start();
    this.#heartbeats.start();
  }

  async stop(): Promise<void> {
    await this.#heartbeats.stop();
    this.#parts.stopped();
  }

  /** The connection of a partition, if there is one to spare, ends with its ownership. */
  #ownedSource(parts: Omit<SourceParts, "connection">, ownership: Ownership, signals: MemberSignals): EntrySource {
    const { stream, group, consumer } = parts.place;
    const place = { stream, group, consumer, floor: streamKeys(stream, group).floor };
    const { config, pool, clocks } = this.#parts;
    clocks.of(stream).start();
    if (!pool.mayRead(config.durability === "replicated")) {
      return new OwnedSource({ ...parts, place, fence: parts.settle, connection: undefined });
    }
    const connection = pool.own(`read:${stream}`, stream);
    signals.settling.addEventListener("abort", () => pool.drop(connection), { once: true });
    return new OwnedSource({ ...parts, place, fence: fenced(connection, ownership), connection });
  }
}
