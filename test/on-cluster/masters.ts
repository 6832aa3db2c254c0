import { type Masters, readMasters as readOwn } from "../../runtime/config/redis-masters.js";
import { type NodeAddress, nodeOf } from "../../runtime/config/redis-nodes.js";
import { clusterAt } from "./registry.js";

export { describeMasters } from "../../runtime/config/redis-masters.js";

/** Reads the address of a Redis that a cluster stands for as that of the cluster. */
export const readMasters: typeof readOwn = (reader, places, found) => {
  const masters = readOwn(reader, places, found);
  const [, { url, host, port, socket }] = places;
  const isSaid = masters.cluster ?? masters.sentinel ?? socket;
  if (isSaid !== undefined) return masters;
  const inCode = url ?? (host === undefined && port === undefined ? undefined : port);
  const place = clusterAt(inCode ?? reader.text("REDIS_URL") ?? Number(reader.text("REDIS_PORT")));
  if (place === undefined) return masters;
  const natMap = Object.entries(place.natMap ?? {}).map(([announced, reached]) => [announced, nodeOf(reached)]);
  return {
    cluster: { nodes: place.nodes.map((node) => nodeOf(node) as NodeAddress), natMap: Object.fromEntries(natMap) },
    sentinel: undefined,
  } satisfies Masters;
};
