import type { Lease } from "../broker/shares.js";
import type { Client } from "./connection.js";
import { leaseKey } from "./keys.js";
import type { Fence, FencedClient } from "./lua/script.js";
import { raiseReader } from "./lua/shares.js";
import type { Route } from "./route.js";

/** What one consumer of a partition's owner is checked by. */
export interface Ownership {
  readonly lease: string;
  readonly epoch: number;
  readonly reader: { readonly field: string; number: number };
}

/** @param isRedriven - whether the consumer reads the redriven entries of the partition, and not the partition itself */
export function ownershipOf(lease: Pick<Lease, "partition" | "epoch">, group: string, isRedriven: boolean): Ownership {
  const field = isRedriven ? "redrive reader" : "reader";
  return { lease: leaseKey(lease.partition, group), epoch: lease.epoch, reader: { field, number: 0 } };
}

/**
 * Whatever this consumer has sent until now takes no entry any more, should it come to Redis later. A link that stalls delivers
 * what was sent over it after its connection was given up: entries that went to a reply which nobody reads would be overtaken.
 */
export async function supersede(client: Client, { lease, reader }: Ownership): Promise<void> {
  for (;;) {
    const number = ++reader.number;
    reader.number = await raiseReader.run(client, [lease], [reader.field, number]);
    // It is greater where others have written there.
    if (reader.number === number) return;
  }
}

/**
 * A way to Redis for the owner of a partition: each of its scripts is done only while the owner's epoch is that of the lease.
 * All else is that of the connection.
 */
export function fenced<Link extends Pick<Route, "ready" | "ask" | "client">>(link: Link, ownership: Ownership): Link {
  const known = new WeakMap<Client, FencedClient>();
  const carrying = (client: Client): FencedClient => {
    const carrier = known.get(client) ?? carrierOf(client, { ...ownership, client });
    known.set(client, carrier);
    return carrier;
  };
  const own: Pick<Route, "ready" | "ask"> = {
    ready: async (signal) => carrying(await link.ready(signal)),
    ask: (what, question, signal) => link.ask(what, (client) => question(carrying(client)), signal),
  };
  return new Proxy(link, {
    get: (target, name) => {
      if (name === "client") return carrying(target.client);
      if (name === "ready" || name === "ask") return own[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function carrierOf(client: Client, fence: Fence): FencedClient {
  return Object.create(client, { fence: { value: fence } }) as FencedClient;
}
