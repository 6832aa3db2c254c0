import { EventEmitter } from "node:events";
import { type Redis as Client, Cluster, type NatMap, type RedisOptions, Redis as Single } from "ioredis";
import { refuseAll, serveAgain } from "./down.js";
import { type ClusterPlace, clusterAt } from "./registry.js";

export { Cluster };

/** A client of one Redis, or where a cluster stands for that, of the cluster: each command goes to where its key is. */
export const Redis: typeof Single = new Proxy(Single, {
  construct(target, given: readonly unknown[]) {
    const [first, second] = given;
    const options = (typeof first === "object" ? first : second) as RedisOptions | undefined;
    const place = clusterAt((typeof first === "object" ? options?.port : first) as string | number | undefined);
    if (place === undefined) return Reflect.construct(target, given);
    const url = typeof first === "string" ? new URL(first) : undefined;
    const login = { username: url?.username ?? "", password: decodeURIComponent(url?.password ?? "") };
    return clusterClient(place, { ...(url?.password && login), ...options });
  },
});

/** Commands without a key, which are about a server: each is told to all masters. */
const SERVER = new Set(
  ["acl", "client", "config", "dbsize", "debug", "flushall", "flushdb", "function", "info", "keys", "latency"].concat([
    ...["ping", "pubsub", "save", "script", "slowlog", "time"],
  ]),
);
/** Of which one reply says it all. */
const SAME = new Set(["time"]);
/** Commands that count what they find of several keys, which may be those of several masters. */
const COUNTING = new Set(["del", "exists", "unlink"]);

/** What a user needs to be led to the masters. */
const FOR_A_CLUSTER = ["+cluster|slots", "+cluster|info"];
const isUser = (name: string, [verb]: readonly unknown[]): boolean =>
  name === "acl" && String(verb).toUpperCase() === "SETUSER";

/** How often the nodes together have run each command. */
function summed(stats: string): string {
  const calls = new Map<string, number>();
  for (const [, name = "", count] of stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)) {
    calls.set(name, (calls.get(name) ?? 0) + Number(count));
  }
  return [...calls].map(([name, count]) => `cmdstat_${name}:calls=${count},usec=0\r\n`).join("");
}

function clusterClient(place: ClusterPlace, options: RedisOptions): Client {
  const { host: _, port: __, db: ___, retryStrategy, lazyConnect, replyMapping: ____, ...redisOptions } = options;
  const cluster = new Cluster([...place.nodes], {
    redisOptions: { maxRetriesPerRequest: 20, ...redisOptions },
    natMap: natMapOf(place),
    clusterRetryStrategy: retryStrategy ?? ((times) => Math.min(20 * times, 500)),
    lazyConnect: lazyConnect ?? false,
    slotsRefreshTimeout: 2_000,
  });
  // What fails is told by the command that fails.
  cluster.on("error", () => {});
  const everywhere = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    if (cluster.status !== "ready") await new Promise((resolve) => cluster.once("ready", resolve));
    const masters = cluster.nodes("master");
    const asked = SAME.has(name) ? masters.slice(0, 1) : masters;
    const all = [...args, ...(isUser(name, args) ? FOR_A_CLUSTER : [])] as string[];
    const replies = await Promise.all(asked.map((node) => node.call(name, ...all)));
    return args[0] === "commandstats" ? summed(replies.join("")) : merged(replies);
  };
  const counted = async (name: string, keys: readonly unknown[]): Promise<unknown> =>
    merged(await Promise.all(keys.flat().map((key) => cluster.call(name, key as string))));
  const own: Readonly<Record<string, (...args: never[]) => Promise<unknown>>> = {
    // Without a key it is to keep the server busy.
    eval: (script: string, keys: number, ...rest: string[]) =>
      Number(keys) === 0 ? everywhere("eval", [script, "0", ...rest]) : cluster.eval(script, keys, ...rest),
    monitor: async () => monitorOf(await Promise.all(cluster.nodes("master").map((node) => node.monitor()))),
    replicaof: (host: string) => (host === "NO" ? serveAgain : refuseAll)(place.nodes),
  };
  const called = (command: string, args: string[]): Promise<unknown> => {
    const name = command.toLowerCase();
    if (SERVER.has(name)) return everywhere(name, args);
    return own[name]?.(...(args as never[])) ?? cluster.call(command, ...args);
  };
  return new Proxy(cluster as unknown as Client, {
    get(target, name: keyof Client & string) {
      if (SERVER.has(name)) return (...args: unknown[]) => everywhere(name, args);
      if (COUNTING.has(name)) return (...keys: unknown[]) => counted(name, keys);
      if (own[name] !== undefined) return own[name];
      if (name === "call") return (command: string, ...args: string[]) => called(command, args);
      if (name === "duplicate") return (own?: RedisOptions) => clusterClient(place, { ...options, ...own });
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Hears what each of them is told. */
function monitorOf(monitors: readonly Client[]): EventEmitter {
  const all = new EventEmitter();
  for (const monitor of monitors) monitor.on("monitor", (...heard) => all.emit("monitor", ...heard));
  return Object.assign(all, { disconnect: () => monitors.forEach((monitor) => void monitor.disconnect()) });
}

function natMapOf({ natMap = {} }: ClusterPlace): NatMap {
  const places = Object.entries(natMap).map(([announced, reached]) => {
    const [host = "", port] = reached.split(":");
    return [announced, { host, port: Number(port) }] as const;
  });
  return Object.fromEntries(places);
}

/** Counts are added, also those of named things, lists joined, and what all say alike is said once. */
function merged(replies: readonly unknown[]): unknown {
  const [first] = replies;
  if (replies.every(isTable)) {
    return first === undefined ? [] : (first as unknown[]).map((_, at) => merged(replies.map((reply) => reply[at])));
  }
  if (replies.every((reply) => typeof reply === "number")) return replies.reduce((sum, count) => sum + count, 0);
  if (replies.every((reply) => JSON.stringify(reply) === JSON.stringify(first))) return first;
  if (replies.every((reply) => typeof reply === "string")) return replies.join("");
  return replies.flat();
}

/** Names and counts in turn, as `PUBSUB NUMSUB` answers. */
function isTable(reply: unknown): reply is readonly unknown[] {
  return (
    Array.isArray(reply) &&
    reply.length > 0 &&
    reply.length % 2 === 0 &&
    reply.every((item, at) => typeof item === (at % 2 === 0 ? "string" : "number"))
  );
}
