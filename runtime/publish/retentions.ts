import type { Config } from "../config/config.js";
import type { HookBus } from "../messaging/hooks.js";
import type { ConnectionPool } from "../redis/connection-pool.js";
import { type StreamKeys, streamKeys } from "../redis/keys.js";
import { Retention } from "./retention.js";

/** Every stream that a service writes or reads is kept in bounds by it, each by one. */
export class Retentions {
  readonly #config: Config;
  readonly #pool: ConnectionPool;
  readonly #hooks: HookBus;
  readonly #byStream = new Map<string, Retention>();

  constructor(config: Config, pool: ConnectionPool, hooks: HookBus) {
    this.#config = config;
    this.#pool = pool;
    this.#hooks = hooks;
  }

  /** That of a stream that is written. */
  of(stream: string): Retention {
    return this.#byStream.get(stream) ?? this.keep(streamKeys(stream, this.#config.group), "publish");
  }

  /** Begins to keep a stream in bounds, over the connection of whoever uses it. */
  keep(keys: StreamKeys, role: "publish" | "settle"): Retention {
    let retention = this.#byStream.get(keys.stream);
    if (retention === undefined) {
      retention = new Retention(keys, this.#config, this.#pool.get(role), this.#hooks);
      this.#byStream.set(keys.stream, retention);
      retention.start();
    }
    return retention;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#byStream.values()].map((retention) => retention.stop()));
  }
}
