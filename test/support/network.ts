import type { RedisServer } from "../../runtime/testing/redis/index.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

/**
 * A server's place in a network that can be cut: everybody reaches it through its proxies, whose addresses it announces,
 * and it connects to others from a loopback address of its own, by which their proxies know it.
 */
export interface NetworkPlace {
  /** Where clients and replicas reach it. */
  readonly data: TcpProxy;
  /** Where the other nodes of its cluster reach it, if it is one of a cluster. */
  readonly bus: TcpProxy;
  /** From where it connects to others. */
  readonly address: string;
}

/** The network between several servers. Its addresses are those of Linux, where all of 127.0.0.0/8 is loopback. */
export class Network implements AsyncDisposable {
  readonly places: readonly NetworkPlace[];

  private constructor(places: readonly NetworkPlace[]) {
    this.places = places;
  }

  static async create(count: number): Promise<Network> {
    return new Network(await Promise.all(Array.from({ length: count }, (_, index) => place(index))));
  }

  /** Leads to the servers, once they run. */
  connect(servers: readonly RedisServer[]): void {
    for (const [index, { port }] of servers.entries()) {
      this.places[index]?.data.redirect({ port });
      this.places[index]?.bus.redirect({ port: port + 10_000 });
    }
  }

  /** Cuts these servers off from all others, both ways, in silence. Clients reach all of them still. */
  isolate(...group: readonly number[]): void {
    for (const [index, { address }] of this.places.entries()) {
      for (const [other, { address: otherAddress }] of this.places.entries()) {
        if (group.includes(index) && !group.includes(other)) {
          this.#setMode(index, otherAddress, "blackhole");
          this.#setMode(other, address, "blackhole");
        }
      }
    }
  }

  /** Cuts clients off from one server, in silence. The other servers reach it still. */
  hide(index: number): void {
    this.#setMode(index, clients, "blackhole");
  }

  /** Everybody reaches everybody again, at once: a sentinel would try a silent connection for 15 s. */
  heal(): void {
    for (const [index, { data, bus }] of this.places.entries()) {
      for (const address of [clients, ...this.places.map((other) => other.address)]) {
        this.#setMode(index, address);
      }
      data.resetBroken();
      bus.resetBroken();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.places.flatMap(({ data, bus }) => [data.close(), bus.close()]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #setMode(index: number, address: string, mode?: "blackhole"): void {
    this.places[index]?.data.setModeFor(address, mode);
    this.places[index]?.bus.setModeFor(address, mode);
  }
}

/** From where this process and its children connect. */
const clients = "127.0.0.1";

async function place(index: number): Promise<NetworkPlace> {
  const nowhere = { port: 1 };
  const [data, bus] = await Promise.all([startTcpProxy(nowhere), startTcpProxy(nowhere)]);
  return { data, bus, address: `127.0.0.${index + 2}` };
}
