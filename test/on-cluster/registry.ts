import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where a cluster is that stands for one Redis. */
export interface ClusterPlace {
  /** Each `host:port`; those that serve slots at the start. */
  readonly nodes: readonly string[];
  /** Where nodes are reached, if that is elsewhere than they say. */
  readonly natMap?: Readonly<Record<string, string>>;
}

interface Registered extends ClusterPlace {
  /** The process that runs it. */
  readonly pid: number;
}

/** In files, so that a process that a test starts finds it, too, whatever its environment. */
const folder = fileURLToPath(new URL("../../node_modules/.cache/clusters/", import.meta.url));
const fileOf = (port: number | string): string => `${folder}${port}.json`;

/** Whoever asks for the Redis on this port is led to the cluster. */
export function register(port: number, place: ClusterPlace): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(port), JSON.stringify({ ...place, pid: process.pid } satisfies Registered));
}

export function forget(port: number): void {
  rmSync(fileOf(port), { force: true });
}

/** @param place - the URL of a Redis, or its port */
export function clusterAt(place: string | number | undefined): ClusterPlace | undefined {
  const port = typeof place === "string" ? (URL.canParse(place) ? new URL(place).port : "") : `${place}`;
  if (!/^\d+$/.test(port)) return undefined;
  try {
    const registered = JSON.parse(readFileSync(fileOf(port), "utf8")) as Registered;
    // What a run has left that was killed says nothing of the port.
    process.kill(registered.pid, 0);
    return registered;
  } catch {
    return undefined;
  }
}
