/** Where a cluster is that stands for one Redis. */
export interface ClusterPlace {
  /** Each `host:port`; those that serve slots at the start. */
  readonly nodes: readonly string[];
  /** Where nodes are reached, if that is elsewhere than they say. */
  readonly natMap?: Readonly<Record<string, string>>;
}

/** In the environment, so that a process that a test starts finds it, too. */
const VARIABLE = "TEST_CLUSTERS";

function read(): Record<string, ClusterPlace> {
  return JSON.parse(process.env[VARIABLE] ?? "{}") as Record<string, ClusterPlace>;
}

/** Whoever asks for the Redis on this port is led to the cluster. */
export function register(port: number, place: ClusterPlace): void {
  process.env[VARIABLE] = JSON.stringify({ ...read(), [port]: place });
}

export function forget(port: number): void {
  const { [port]: _, ...rest } = read();
  process.env[VARIABLE] = JSON.stringify(rest);
}

/** @param place - the URL of a Redis, or its port */
export function clusterAt(place: string | number | undefined): ClusterPlace | undefined {
  const port = typeof place === "string" ? (URL.canParse(place) ? new URL(place).port : "") : `${place}`;
  return read()[port];
}
