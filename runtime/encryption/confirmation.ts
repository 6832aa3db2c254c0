import { ConfigError, EncryptionError } from "../errors.js";

/** The part of a Redis client that tells of replicas. Without it, none is waited for. */
export interface WaitingClient {
  info?(section: string): Promise<string>;
  wait?(replicas: number, timeoutMs: number): Promise<number>;
  /** Tells that the connection has ended, whether or not the client makes another one. */
  on?(event: "close", listener: () => void): unknown;
}

/** How many connections of each client have ended. A client has one listener, however many stores use it. */
const ended = new WeakMap<WaitingClient, number>();

/** How many replicas must have a change. */
export interface WaitOptions {
  /**
   * How many replicas must have each change within `waitTimeoutSeconds`, so that a failover does not undo it: a person who was
   * forgotten would be known again. Otherwise the change is made on one node only, and rejects with `KEY_UNAVAILABLE`: repeat it.
   * The client must be connected to one master; a client of a whole cluster cannot wait. @defaultValue 1 where the master has a
   * replica when the change is made, else 0
   */
  readonly replicas?: number;
  /** How long to wait for them. @defaultValue 1 s */
  readonly waitTimeoutSeconds?: number;
}

/** Has replicas confirm what a client has written. `WAIT` speaks of what its own connection has written. */
export class Confirmation {
  readonly #client: WaitingClient & { readonly isCluster?: boolean };
  readonly #replicas: number | undefined;
  readonly #timeoutMs: number;

  /** @throws {ConfigError} the client cannot wait */
  constructor(client: WaitingClient, { replicas, waitTimeoutSeconds = 1 }: WaitOptions) {
    this.#client = client;
    this.#replicas = replicas;
    this.#timeoutMs = Math.ceil(waitTimeoutSeconds * 1000);
    const problems = [
      ...(replicas === undefined || (Number.isInteger(replicas) && replicas >= 0)
        ? []
        : [`replicas must be a whole number from 0, not ${replicas}`]),
      ...(waitTimeoutSeconds > 0 && Number.isFinite(this.#timeoutMs) ? [] : ["waitTimeoutSeconds must be above 0"]),
      ...((replicas ?? 0) > 0 && !this.#canWait
        ? ["replicas needs a client of one master that has wait(): a client of a cluster asks any node"]
        : []),
    ];
    if (problems.length > 0) throw new ConfigError(problems);
    if (ended.has(client)) return;
    ended.set(client, 0);
    client.on?.("close", () => void ended.set(client, (ended.get(client) ?? 0) + 1));
  }

  /**
   * Resolves when enough replicas have what the client has just written. Call it as soon as the write is answered: over
   * another connection, which may lead to another node, `WAIT` would confirm what was never written there.
   * @param done - what was done on one node, for the text
   * @throws {EncryptionError} `KEY_UNAVAILABLE`
   */
  async of(done: string): Promise<void> {
    if (this.#replicas === 0) return;
    const before = ended.get(this.#client);
    const needed = this.#replicas ?? (await this.#usual());
    const count = needed === 0 ? 0 : ((await this.#client.wait?.(needed, this.#timeoutMs)) ?? 0);
    const isSame = ended.get(this.#client) === before;
    if (isSame && count >= needed) return;
    const why = isSame
      ? `on one node only: ${count} of ${needed} replicas had it within ${this.#timeoutMs} ms. A failover may undo it; repeat it when the replicas have caught up`
      : "perhaps on one node only: the connection broke before replicas had confirmed it. Repeat it";
    throw new EncryptionError("KEY_UNAVAILABLE", `${done} ${why}`);
  }

  get #canWait(): boolean {
    return this.#client.wait !== undefined && this.#client.isCluster !== true;
  }

  /** Who may not ask, or is no client of one master, has none to wait for. */
  async #usual(): Promise<number> {
    if (!this.#canWait) return 0;
    try {
      const info = (await this.#client.info?.("replication")) ?? "";
      return /^connected_slaves:[1-9]/m.test(info) ? 1 : 0;
    } catch (error) {
      if ((error as Error).message.startsWith("NOPERM")) return 0;
      throw error;
    }
  }
}
