import { Redis } from "ioredis";

/** The parts of an entry that fit on one line. */
export interface SeenEntry {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly correlationId: string;
}

/** One consumer group, as reported by XINFO GROUPS. */
export interface SeenGroup {
  readonly name: string;
  /** Entries delivered to the group so far. */
  readonly read: number;
  /** Entries delivered and not acknowledged. */
  readonly pending: number;
  /** Entries not yet delivered. `null` if Redis does not know. */
  readonly lag: number | null;
}

export interface SeenStream {
  readonly name: string;
  readonly entries: readonly SeenEntry[];
  readonly groups: readonly SeenGroup[];
}

type Reply = readonly [string, readonly string[]];

/** Reads streams with the commands that an operator would type. */
export class StreamView implements AsyncDisposable {
  /** Name and version: `Redis 7.0.15`. */
  readonly server: string;
  readonly address: string;
  readonly #client: Redis;
  readonly #environment: string;

  private constructor(client: Redis, environment: string, server: string) {
    this.#client = client;
    this.#environment = environment;
    this.server = server;
    this.address = `${client.options.host}:${client.options.port}`;
  }

  static async open(url: string, environment: string): Promise<StreamView> {
    const client = new Redis(url, { maxRetriesPerRequest: 1 });
    const info = await client.info("server");
    const [, valkey] = /^valkey_version:(\S+)/m.exec(info) ?? [];
    const [, redis] = /^redis_version:(\S+)/m.exec(info) ?? [];
    return new StreamView(client, environment, valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`);
  }

  async length(stream: string): Promise<number> {
    return await this.#client.xlen(this.#key(stream));
  }

  async look(stream: string): Promise<SeenStream> {
    const name = this.#key(stream);
    const entries = (await this.#client.xrange(name, "-", "+", "COUNT", 10)) as readonly Reply[];
    const groups = (await this.#client.xinfo("GROUPS", name)) as readonly (readonly unknown[])[];
    return { name, entries: entries.map(readEntry), groups: groups.map(readGroup) };
  }

  /** Removes the keys under the demo's own prefix. A private Redis is stopped as a whole. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#environment !== "development") {
      for await (const keys of this.#client.scanStream({ match: `*${this.#environment}:*` })) {
        if (keys.length > 0) await this.#client.del(...(keys as string[]));
      }
    }
    await this.#client.quit();
  }

  #key(stream: string): string {
    return this.#environment === "development" ? stream : `${this.#environment}:${stream}`;
  }
}

/** Reads both encodings, because the configuration decides which one is written. */
function readEntry([id, flat]: Reply): SeenEntry {
  const fields = pairs(flat);
  const message = typeof fields["json"] === "string" ? (JSON.parse(fields["json"]) as Record<string, unknown>) : fields;
  const type = message["event_type"] ?? message["command_type"] ?? message["notification_type"];
  return {
    id,
    type: String(type),
    source: String(message["source_service"]),
    correlationId: String(message["correlation_id"] ?? ""),
  };
}

function readGroup(flat: readonly unknown[]): SeenGroup {
  const { name, pending, lag, ...more } = pairs(flat);
  return {
    name: String(name),
    read: Number(more["entries-read"] ?? 0),
    pending: Number(pending),
    lag: lag === null ? null : Number(lag),
  };
}

function pairs(flat: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), flat[at + 1]]] : [])));
}
