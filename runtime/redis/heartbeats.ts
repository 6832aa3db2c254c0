import type { HeartbeatState } from "../broker/signs-of-life.js";
import type { ConnectionPool } from "./connection-pool.js";
import { Heartbeat } from "./heartbeat.js";
import { type HeartbeatParts, HeartbeatThread } from "./heartbeat-thread.js";

const SEVERITY: readonly HeartbeatState["state"][] = ["confirmed", "covered", "unconfirmed"];

/**
 * The heartbeats of this process. On one Redis all consumers share one. On a cluster each stream has its own, confirmed by its
 * own master, so that a master that is away does not make the consumers of other streams look dead; one thread sends them all.
 */
export class Heartbeats {
  readonly #parts: HeartbeatParts;
  readonly #pool: ConnectionPool;
  readonly #thread: HeartbeatThread;
  /** By stream; on one Redis the same for all. */
  readonly #byStream = new Map<string, Heartbeat>();

  constructor(parts: HeartbeatParts, pool: ConnectionPool) {
    this.#parts = parts;
    this.#pool = pool;
    this.#thread = new HeartbeatThread(parts);
  }

  get streams(): readonly string[] {
    return [...this.#byStream.keys()];
  }

  /** The worst of them, and why. */
  get state(): HeartbeatState {
    const states = this.#all.map(({ state }) => state);
    return states.reduce<HeartbeatState>(
      (worst, each) => (SEVERITY.indexOf(each.state) > SEVERITY.indexOf(worst.state) ? each : worst),
      { state: "confirmed", reason: null },
    );
  }

  of(stream: string): Heartbeat {
    const [first] = this.#byStream.values();
    const shared = this.#pool.topology === undefined ? first : undefined;
    const heartbeat = this.#byStream.get(stream) ?? shared ?? new Heartbeat(this.#parts, this.#thread);
    this.#byStream.set(stream, heartbeat);
    return heartbeat;
  }

  /**
   * Called again, it starts those that were added since.
   *
   * @throws {ConfigError} when the TLS options hold what cannot be passed to a thread
   */
  start(): void {
    this.#pool.heartbeats =
      this.#pool.topology === undefined ? 1 : Math.min(this.#byStream.size, this.#pool.topology.leaders.size);
    const started = new Set<Heartbeat>();
    for (const [stream, heartbeat] of this.#byStream) {
      if (!started.has(heartbeat)) heartbeat.start(this.#pool.route("settle", stream));
      started.add(heartbeat);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((heartbeat) => heartbeat.stop()));
  }

  get #all(): readonly Heartbeat[] {
    return [...new Set(this.#byStream.values())];
  }
}
