import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { RedisOptions } from "ioredis";
import { loadIoredis } from "./load-ioredis.js";
import type { NodeSearch } from "./node-finder.js";

/** A connector of the client that opens each connection to the node that is found then. */
export function connectorOf(search: NodeSearch): NonNullable<RedisOptions["Connector"]> {
  const { AbstractConnector } = loadIoredis();
  return class NodeConnector extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      super((options as RedisOptions & { disconnectTimeout: number }).disconnectTimeout);
      this.#options = options as RedisOptions;
    }

    /** @param info - what `INFO` of the node says */
    override check({ role }: { readonly role?: string }): boolean {
      return !search.wantsMaster || role === undefined || role === "master";
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      const node = await search.next();
      if (!this.connecting) throw new Error("Connection is closed.");
      const { tls, family } = this.#options;
      const place = { ...node, ...(family !== undefined && { family }) };
      const stream = tls ? connectTls({ ...place, ...tls }) : connect(place);
      this.stream = stream;
      stream.once("error", (error) => {
        this.firstError = error;
      });
      return stream;
    }
  };
}
