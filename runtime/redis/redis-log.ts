import type { Log, TrimBounds, TrimReport } from "../broker/log.js";
import type { FlatFields } from "../contract/codec.js";
import type { ConnectionPool } from "./connection-pool.js";
import type { StreamKeys } from "./keys.js";
import { trim } from "./lua/trim.js";

export class RedisLog implements Log {
  readonly stream: string;
  readonly #keys: StreamKeys;
  readonly #pool: ConnectionPool;

  constructor(keys: StreamKeys, pool: ConnectionPool) {
    this.stream = keys.stream;
    this.#keys = keys;
    this.#pool = pool;
  }

  async trim({ maxAgeMs, maxLength, lockMs, expireGroups }: TrimBounds): Promise<TrimReport | undefined> {
    // Trimming opens no connection of its own.
    const connection = this.#pool.anyReady("settle", "publish");
    if (connection === undefined) return undefined;
    const { stream, trimming, marks, retention, groups, floors } = this.#keys;
    const args = [floors, maxAgeMs, maxLength, lockMs, expireGroups ? "expire-group" : ""];
    const report = await trim.run(connection.client, [stream, trimming, marks, retention, groups], args);
    if (report === null) return undefined;
    const none = { removed: 0, length: 0, unserved: [], expired: [], missed: [] };
    return { ...none, ...(JSON.parse(report) as Partial<TrimReport>) };
  }

  async readAfter(id: string, count: number): Promise<readonly (readonly [id: string, fields: FlatFields])[]> {
    const client = await this.#pool.get("publish").ready();
    return client.xrange(this.stream, `(${id}`, "+", "COUNT", count);
  }

  async lastId(): Promise<string> {
    const client = await this.#pool.get("publish").ready();
    const [last] = await client.xrevrange(this.stream, "+", "-", "COUNT", 1);
    return last?.[0] ?? "0-0";
  }
}
