import { type Topology, topologyIn, unpartitioned } from "../broker/topology.js";
import { ConfigError } from "../errors.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { Timer } from "../time/clock.js";
import type { Client } from "./connection.js";
import { topologyKey } from "./keys.js";
import { isForbiddenCommand, isReply } from "./reply.js";
import type { Route } from "./route.js";

const LOOK_EVERY_MS = 10_000;
const FIELDS = ["version", "streams", "retired", "hash"] as const;
/** No field of ours is longer: the names of 1,024 partitions have some 50 KB. */
const LONGEST_FIELD = 1024 * 1024;

/**
 * Reads which streams hold the messages of a stream.
 * @throws {ConfigError} the record is none of this package
 */
export async function readTopology(client: Client, stream: string): Promise<Topology> {
  const key = topologyKey(stream);
  const values = await fieldsOf(client, key).catch((error: unknown) => {
    if (isReply(error, "WRONGTYPE")) return ["not a hash"];
    throw error;
  });
  const named = FIELDS.flatMap((field, at) => (values[at] == null ? [] : [[field, values[at]] as const]));
  const topology = topologyIn(stream, Object.fromEntries(named));
  if (topology !== undefined) return topology;
  throw new ConfigError([
    `the key ${key} does not say which partitions ${stream} has: write it anew with merp partitions ${stream} <number>`,
  ]);
}

/** Clients whose user may not ask for a length. Each attempt would be an entry of `ACL LOG`, which operators watch. */
const limited = new WeakSet<Client>();

/** The fields of a record, unless others have written longer ones than any of ours. Those are not read. */
async function fieldsOf(client: Client, key: string): Promise<(string | null)[]> {
  if (!limited.has(client)) {
    try {
      const lengths = await Promise.all(FIELDS.map((field) => client.hstrlen(key, field)));
      if (lengths.some((length) => length > LONGEST_FIELD)) return ["too long"];
    } catch (error) {
      if (!isReply(error, "NOPERM")) throw error;
      // Rights that were given for an older version do not include this.
      if (isForbiddenCommand(error)) limited.add(client);
    }
  }
  return client.hmget(key, ...FIELDS);
}

/** What a publisher knows of the partitions of its streams. It looks again every 10 s, and after each reconnect. */
export class Topologies {
  readonly #routeOf: (stream: string) => Route;
  readonly #parts: RuntimeParts;
  readonly #known = new Map<string, Topology>();
  readonly #asking = new Map<string, Promise<Topology>>();
  /** The streams of which was told that their record cannot be read. */
  readonly #told = new Set<string>();
  /** Aborted when nothing is waited for any more that needs a connection. */
  readonly #draining = new AbortController();
  #timer: Timer | undefined;

  /** @param routeOf - the way to a stream for who publishes */
  constructor(routeOf: (stream: string) => Route, parts: RuntimeParts) {
    this.#routeOf = routeOf;
    this.#parts = parts;
  }

  /** `undefined` before it was {@link learn}ed. */
  known(stream: string): Topology | undefined {
    return this.#known.get(stream);
  }

  /**
   * A publisher that may not read the record, or finds there what it does not understand, takes the stream for one that is not
   * partitioned: what it adds is read in any case, only the order of its entities is not kept.
   * @throws {ConnectionError} Redis cannot be reached
   */
  learn(stream: string): Promise<Topology> {
    this.#timer ??= this.#parts.clock.every(LOOK_EVERY_MS, () => this.lookAgain());
    const asking = this.#asking.get(stream) ?? this.#ask(stream).finally(() => this.#asking.delete(stream));
    this.#asking.set(stream, asking);
    return asking;
  }

  /** From now on only as long as Redis is not known to be away anything is waited for. */
  drain(): void {
    for (const stream of this.#asking.keys()) {
      void this.#routeOf(stream)
        .away()
        .then(() => this.#draining.abort());
    }
  }

  /** To be called after a reconnect, too. */
  lookAgain(): void {
    for (const stream of this.#known.keys()) if (this.#ready(stream)) this.learn(stream).catch(() => {});
  }

  close(): void {
    this.#timer?.cancel();
  }

  async #ask(stream: string): Promise<Topology> {
    const route = this.#routeOf(stream);
    const { signal } = this.#draining;
    const read = (client: Client): Promise<Topology> =>
      readTopology(client, stream).catch((error: unknown) => {
        if (!(error instanceof ConfigError) && !isReply(error, "NOPERM")) throw error;
        this.#tell(stream, error);
        return this.#known.get(stream) ?? unpartitioned(stream);
      });
    const topology = await route.ask(`reading the partitions of ${stream}`, read, signal).catch((error: unknown) => {
      throw signal.aborted ? route.failure() : error;
    });
    this.#known.set(stream, topology);
    return topology;
  }

  #tell(stream: string, error: unknown): void {
    if (this.#told.has(stream)) return;
    this.#told.add(stream);
    this.#parts.hooks.trouble(`reading the partitions of ${stream}`, error);
  }

  #ready(stream: string): boolean {
    return this.#routeOf(stream).isReady;
  }
}
