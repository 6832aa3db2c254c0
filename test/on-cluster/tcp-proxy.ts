import { startNat } from "../support/nat.js";
import { startTcpProxy as startOne, type TcpProxy } from "../support/tcp-proxy.js";
import { clusterAt, forget, register } from "./registry.js";

export type { ProxyMode, TcpProxy } from "../support/tcp-proxy.js";

/** Before a cluster that stands for one Redis: a proxy before each node, which misbehave together. */
export const startTcpProxy: typeof startOne = async (target) => {
  const place = clusterAt(target.port);
  if (place === undefined) return startOne(target);
  const servers = place.nodes.map((node) => ({ host: "127.0.0.1", port: Number(node.split(":")[1]) }));
  const nat = await startNat(servers);
  const first = nat.before(
    servers.find(({ port }) => port === target.port) ?? (servers[0] as { host: string; port: number }),
  );
  register(first.port, { nodes: nat.seeds, natMap: nat.natMap });
  const { proxies } = nat;
  const sum = (count: (proxy: TcpProxy) => number): number => proxies.reduce((all, proxy) => all + count(proxy), 0);
  const close = async (): Promise<void> => {
    forget(first.port);
    await Promise.all(proxies.map((proxy) => proxy.close()));
  };
  return {
    host: first.host,
    port: first.port,
    url: first.url,
    get mode() {
      return first.mode;
    },
    set mode(mode) {
      for (const proxy of proxies) proxy.mode = mode;
    },
    get delayMs() {
      return first.delayMs;
    },
    set delayMs(delayMs) {
      for (const proxy of proxies) proxy.delayMs = delayMs;
    },
    get connections() {
      return sum(({ connections }) => connections);
    },
    get accepted() {
      return sum(({ accepted }) => accepted);
    },
    setModeFor: (address, mode) => proxies.forEach((proxy) => void proxy.setModeFor(address, mode)),
    redirect: (to) => first.redirect(to),
    reset: () => proxies.forEach((proxy) => void proxy.reset()),
    resetBroken: () => proxies.forEach((proxy) => void proxy.resetBroken()),
    forsake: () => proxies.forEach((proxy) => void proxy.forsake()),
    holdRequests: () => {
      const releases = proxies.map((proxy) => proxy.holdRequests());
      return () => releases.forEach((release) => void release());
    },
    cutAfter: (bytes, direction) => proxies.forEach((proxy) => void proxy.cutAfter(bytes, direction)),
    close,
    [Symbol.asyncDispose]: close,
  };
};
