import { prefixed } from "../../config/config.js";
import type { Status } from "../status/status.js";
import { shellWord } from "../wording.js";

// The commands that an operator is told, in one place: each can be copied into a shell as it is.

type Place = { readonly stream: string; readonly name: string };

/** @param place - without a name those of all groups */
export function showLetters(status: Status, { stream, name }: Pick<Place, "stream"> & Partial<Place>): string {
  const only = name === undefined ? "" : ` --group ${shellWord(name)}`;
  return `merp dead-letters groups ${nameFor(status, stream)}${only}`;
}

export function bury(status: Status, { stream, name }: Place, id: string): string {
  return `merp dead-letters bury ${nameFor(status, stream)} ${shellWord(name)} ${id}`;
}

export function retryNow(status: Status, { stream, name }: Place): string {
  return `merp retry now ${nameFor(status, stream)} ${shellWord(name)}`;
}

export function retireGroup(status: Status, { stream, name }: Place): string {
  return `merp group retire ${nameFor(status, stream)} ${shellWord(name)}`;
}

export function resume(status: Status, { stream, name }: Place, type: string | null): string {
  const only = type === null ? "" : ` --type ${shellWord(type)}`;
  return `merp resume ${nameFor(status, stream)} ${shellWord(name)}${only}`;
}

export function startProcess(service: string): string {
  return `start a process of ${shellWord(service)}`;
}

/** A command of redis-cli for this Redis. It takes the password from `REDISCLI_AUTH`. */
export function redisCli({ address }: { readonly address: string }, command: string): string {
  return redisCliAt(address, command);
}

/** A command about a stream, for the one Redis, or for a node of the cluster that leads on to the master of the stream. */
export function streamCli(status: Status, command: string): string {
  const [node] = status.cluster?.nodes.filter(({ problem }) => problem === null) ?? [];
  return node === undefined ? redisCli(status, command) : redisCli(node, `-c ${command}`);
}

/** The same for a Redis at an address: `host:port`, or the path of a socket. */
export function redisCliAt(address: string, command: string): string {
  if (/^(localhost|127\.0\.0\.1):6379$/.test(address)) return `redis-cli ${command}`;
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
  const place = host === undefined ? `-s ${shellWord(address)}` : `-h ${shellWord(host)} -p ${port}`;
  return `redis-cli ${place} ${command}`;
}

export function checkCluster({ address }: { readonly address: string }): string {
  return `redis-cli --cluster check ${shellWord(address)}`;
}

export function fixCluster({ address }: { readonly address: string }): string {
  return `redis-cli --cluster fix ${shellWord(address)}`;
}

/** A stream's name as the commands of merp take it: without the environment's prefix. */
function nameFor(status: Status, stream: string): string {
  const prefix = prefixed(status, "");
  return shellWord(stream.startsWith(prefix) ? stream.slice(prefix.length) : stream);
}
