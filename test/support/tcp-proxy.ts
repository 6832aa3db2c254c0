import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

import { ProxyLane } from "./proxy-lane.js";

/**
 * - `pass`: everything goes through.
 * - `stall`: bytes are held both ways, and delivered when it is `pass` again.
 * - `blackhole`: bytes are lost both ways, sockets stay open and closing one is not passed on: a half-open connection.
 * - `mute`: requests arrive, replies are lost.
 * - `refuse`: a new connection is reset at once; open ones pass.
 *
 * A TCP link never loses bytes in its middle. So a direction that has lost some stays dead, whatever the mode is later;
 * only connections that have lost nothing, and new ones, go on in `pass`.
 */
export type ProxyMode = "pass" | "stall" | "blackhole" | "mute" | "refuse";

/** A TCP proxy between a client and its Redis, on 127.0.0.1, that can be made to misbehave at any time. */
export interface TcpProxy extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** Applies at once, to open connections too. */
  mode: ProxyMode;
  /** Another mode for the clients of one address, at once; without one, they are as the others again. */
  setModeFor(address: string, mode?: ProxyMode): void;
  /** How long each byte takes, each way, in milliseconds; their order is kept. 0 at first. */
  delayMs: number;
  /** Clients that are connected now. */
  readonly connections: number;
  /** Clients that ever were. */
  readonly accepted: number;
  /** Where new connections go from now on; open ones stay where they are. */
  redirect(target: { readonly host?: string; readonly port: number }): void;
  /** Resets every open connection (RST, both sides). */
  reset(): void;
  /** Resets those that have lost something and would be silent for ever, as a firewall that has forgotten them does. */
  resetBroken(): void;
  /** Resets every open connection on its client's side alone: Redis hears nothing of it, and goes on with what it was asked. */
  forsake(): void;
  /** Holds what the clients of the open connections send, those of new ones not. Returns what delivers it. */
  holdRequests(): () => void;
  /** Once: lets so many more bytes through in that direction, over all connections, then breaks the one it fell on. */
  cutAfter(bytes: number, direction?: "requests" | "replies"): void;
  close(): Promise<void>;
}

/**
 * @example
 * ```ts
 * await using proxy = await startTcpProxy(redis);
 * const client = new Redis(proxy.url);
 * proxy.mode = "mute";
 * ```
 */
export async function startTcpProxy(target: { readonly host?: string; readonly port: number }): Promise<TcpProxy> {
  const proxy = new LoopbackProxy(target.host ?? "127.0.0.1", target.port);
  await proxy.listen();
  return proxy;
}

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Where the client is. */
  readonly address: string;
  readonly lanes: readonly ProxyLane[];
  areRequestsHeld: boolean;
}

class LoopbackProxy implements TcpProxy {
  readonly host = "127.0.0.1";
  accepted = 0;
  readonly #server: Server;
  #target: { readonly host: string; readonly port: number };
  readonly #open = new Set<Connection>();
  readonly #cuts: { requests: number; replies: number } = { requests: Infinity, replies: Infinity };
  readonly #modes = new Map<string, ProxyMode>();
  #mode: ProxyMode = "pass";
  #delayMs = 0;

  constructor(host: string, port: number) {
    this.#target = { host, port };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get connections(): number {
    return [...this.#open].filter(({ client }) => !client.destroyed && !client.readableEnded).length;
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  set mode(mode: ProxyMode) {
    this.#mode = mode;
    this.#pump();
  }

  setModeFor(address: string, mode?: ProxyMode): void {
    if (mode === undefined) {
      this.#modes.delete(address);
    } else {
      this.#modes.set(address, mode);
    }
    this.#pump();
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, "listening");
  }

  redirect({ host = "127.0.0.1", port }: { readonly host?: string; readonly port: number }): void {
    this.#target = { host, port };
  }

  reset(): void {
    for (const connection of this.#open) {
      this.#break(connection);
    }
  }

  resetBroken(): void {
    for (const connection of this.#open) {
      if (connection.lanes.some(({ dead }) => dead)) {
        this.#break(connection);
      }
    }
  }

  forsake(): void {
    for (const { client } of this.#open) client.resetAndDestroy();
  }

  holdRequests(): () => void {
    const held = [...this.#open];
    for (const connection of held) connection.areRequestsHeld = true;
    return () => {
      for (const connection of held) connection.areRequestsHeld = false;
      this.#pump();
      // Where a client has reset its socket, nothing else ends the other one.
      for (const { client, upstream } of held) if (client.errored !== null) upstream.end();
    };
  }

  cutAfter(bytes: number, direction: "requests" | "replies" = "replies"): void {
    this.#cuts[direction] = bytes;
  }

  async close(): Promise<void> {
    this.reset();
    if (this.#server.listening) {
      this.#server.close();
      await once(this.#server, "close");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    const address = client.remoteAddress ?? "";
    if (this.#modeFor(address) === "refuse") {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const lane = (direction: "requests" | "replies", from: Socket, to: Socket): ProxyLane =>
      new ProxyLane(from, to, {
        fate: () => (direction === "requests" && connection.areRequestsHeld ? "hold" : this.#fate(direction, address)),
        delayMs: () => this.#delayMs,
        allowance: (bytes) => this.#allowance(direction, bytes),
        cut: () => this.#break(connection),
      });
    const lanes = [lane("requests", client, upstream), lane("replies", upstream, client)];
    const connection: Connection = { client, upstream, address, lanes, areRequestsHeld: false };
    this.#open.add(connection);
    this.#linkEnds(connection, client, upstream);
    this.#linkEnds(connection, upstream, client);
  }

  #linkEnds(connection: Connection, socket: Socket, other: Socket): void {
    socket.on("error", () => {
      if (this.#modeFor(connection.address) !== "blackhole" && !connection.areRequestsHeld) {
        other.resetAndDestroy();
      }
    });
    socket.on("end", () => {
      // Where a lane is dead, the closing that would have released the other socket was lost.
      if (other.readableEnded && connection.lanes.some(({ dead }) => dead)) {
        socket.destroy();
        other.destroy();
      }
    });
    socket.on("close", () => {
      if (other.destroyed) {
        this.#open.delete(connection);
      }
    });
  }

  #modeFor(address: string): ProxyMode {
    return this.#modes.get(address) ?? this.#mode;
  }

  #fate(direction: "requests" | "replies", address: string): "deliver" | "hold" | "lose" {
    switch (this.#modeFor(address)) {
      case "blackhole":
        return "lose";
      case "stall":
        return "hold";
      case "mute":
        return direction === "replies" ? "lose" : "deliver";
      default:
        return "deliver";
    }
  }

  /** How many of these bytes may still pass before the cut. */
  #allowance(direction: "requests" | "replies", bytes: number): number {
    const left = this.#cuts[direction];
    if (bytes < left) {
      this.#cuts[direction] = left - bytes;
      return bytes;
    }
    this.#cuts[direction] = Infinity;
    return left;
  }

  #break({ client, upstream }: Connection): void {
    client.resetAndDestroy();
    upstream.resetAndDestroy();
  }

  #pump(): void {
    for (const { lanes } of this.#open) {
      for (const lane of lanes) {
        lane.pump();
      }
    }
  }
}
