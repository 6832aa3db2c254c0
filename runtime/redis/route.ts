import type { Redis } from "ioredis";
import type { ConnectionError } from "../errors.js";
import type { Connection } from "./connection.js";

/**
 * The way to what serves a stream: what a stream uses in place of a connection. On one Redis, and where Sentinel watches the
 * master, it is that one connection; on a cluster, the connection of the master that serves the stream's slot at present.
 */
export interface Route extends Pick<Connection, "address" | "isReady" | "hasStoodStill" | "ask" | "away"> {
  /** Whether a slot may move, so that what Redis has redirected may be sent again. */
  readonly follows: boolean;
  /** The present connection. Use it after {@link ready} only. */
  readonly connection: Connection;
  /** That of the present connection. Use it after {@link ready} only. */
  readonly client: Redis;
  /** Resolves when commands can be sent. @throws {ConnectionError} */
  ready(signal?: AbortSignal): Promise<Redis>;
  /** Why commands cannot be sent. */
  failure(): ConnectionError;
  /** `undefined` while commands can be sent, and before the first use. */
  readonly problem: ConnectionError | undefined;
  /** Looks for the node anew, after an error reply in what the client itself takes for a success, or a redirect. */
  renew(): void;
}
