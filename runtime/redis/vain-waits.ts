import type { Connection } from "./connection.js";

/**
 * What was waited for in vain: who asks for many streams, or again and again, waits for each master of a cluster once. A connection
 * goes on connecting by itself, and is as good as any other when it has been there again.
 */
export class VainWaits {
  /** Whether the last look for a slot's master found none. The next one asks the cluster once, and does not wait. */
  isLost = false;
  /** By connection, the session in which it was waited for. */
  readonly #sessions = new WeakMap<Connection, number>();

  note(connection: Connection): void {
    this.#sessions.set(connection, connection.session);
  }

  has(connection: Connection): boolean {
    return this.#sessions.get(connection) === connection.session && !connection.isReady;
  }
}
