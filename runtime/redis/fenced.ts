import type { Client } from "./connection.js";
import { leaseKey } from "./keys.js";
import type { Fence, FencedClient } from "./lua/script.js";
import type { Route } from "./route.js";

/**
 * A way to Redis for the owner of a partition: each of its scripts is done only while the owner's epoch is that of the lease.
 * All else is that of the connection.
 */
export function fenced<Link extends Pick<Route, "ready" | "ask" | "client">>(
  link: Link,
  { partition, epoch }: { readonly partition: string; readonly epoch: number },
  group: string,
): Link {
  const lease = leaseKey(partition, group);
  const known = new WeakMap<Client, FencedClient>();
  const carrying = (client: Client): FencedClient => {
    const carrier = known.get(client) ?? carrierOf(client, { lease, epoch, client });
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
