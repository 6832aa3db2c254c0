import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

/** A proxy before each of several servers: the addresses that these tell of themselves lead past it. */
export interface Nat extends AsyncDisposable {
  /** In the order of the servers. */
  readonly proxies: readonly TcpProxy[];
  /** Each server's own address, and that of its proxy. */
  readonly natMap: Readonly<Record<string, string>>;
  /** The addresses of the proxies. */
  readonly seeds: readonly string[];
  /** The proxy before one of the servers. */
  before(server: Address): TcpProxy;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** @param portOf - @defaultValue the port of the server without TLS */
export async function startNat(
  servers: readonly Address[],
  portOf: (server: Address) => number = ({ port }) => port,
): Promise<Nat> {
  const proxies = await Promise.all(servers.map((server) => startTcpProxy({ port: portOf(server) })));
  return {
    proxies,
    natMap: Object.fromEntries(
      servers.map((server, index) => [`${server.host}:${portOf(server)}`, placeOf(proxies[index] as TcpProxy)]),
    ),
    seeds: proxies.map(placeOf),
    before: (server) => proxies[servers.indexOf(server)] as TcpProxy,
    async [Symbol.asyncDispose]() {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}

function placeOf({ host, port }: TcpProxy): string {
  return `${host}:${port}`;
}
