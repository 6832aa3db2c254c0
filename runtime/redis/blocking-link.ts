import { ConnectionError } from "../errors.js";
import type { Clock, Timer } from "../time/clock.js";
import type { Client, Connection } from "./connection.js";
import type { Route } from "./route.js";

/** What takes so much longer than the block has lost its connection. */
const GRACE_MS = 2000;

export interface BlockingLinkParts {
  readonly stream: string;
  readonly blockTimeMs: number;
  readonly connection: Connection;
  readonly settle: Route;
  readonly clock: Clock;
}

/** The connection of a source on which its reads block. A half-open link looks idle there, so whatever is asked has a time limit. */
export class BlockingLink {
  readonly #parts: BlockingLinkParts;
  #clientId: number | undefined;

  constructor(parts: BlockingLinkParts) {
    this.#parts = parts;
    parts.connection.onReady(() => {
      this.#clientId = undefined;
    });
  }

  /** To be awaited between two reads: renewed credentials cannot pass one that blocks. */
  async authenticate(): Promise<void> {
    const { authentication } = this.#parts.connection;
    if (authentication.isDue) await this.limited(authentication.renew());
  }

  /** To be awaited before a read that blocks, so that {@link interrupt} can end it. */
  async identify(client: Client): Promise<void> {
    this.#clientId ??= (await this.limited(client.client("ID").catch(() => 0))) as number;
  }

  /** Ends a read that blocks. */
  async interrupt(): Promise<void> {
    const { settle, connection } = this.#parts;
    // While a slot moves they may be at different nodes, where the number is another client's.
    if (!this.#clientId || !settle.isReady || settle.connection.node !== connection.node) return;
    // A user without this right waits for the end of the block.
    await settle.client.client("UNBLOCK", this.#clientId).catch(() => {});
  }

  /** What takes too long is rejected, and its connection renewed. */
  limited<Value>(asking: Promise<Value>): Promise<Value> {
    const { stream, blockTimeMs, connection, clock } = this.#parts;
    const limitMs = blockTimeMs + GRACE_MS;
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const text = `Redis has not answered a read of ${stream} for ${limitMs} ms; reconnecting`;
        reject(new ConnectionError("REDIS_UNAVAILABLE", text));
        connection.renew();
      };
      // A busy event loop runs late timers before it reads its sockets: the reply may have arrived.
      let timer: Timer = clock.after(limitMs, () => {
        timer = clock.after(100, expire);
      });
      const cancel = (): void => timer.cancel();
      asking.then(resolve, reject);
      asking.then(cancel, cancel);
    });
  }
}
