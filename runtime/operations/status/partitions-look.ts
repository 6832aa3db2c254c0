import { readStreams, topologyIn, unpartitioned } from "../../broker/topology.js";
import { topologyKey } from "../../redis/keys.js";
import type { Rounds } from "../../redis/round.js";
import type { PlannedStream } from "./plan.js";

const FIELDS = ["version", "streams", "retired", "hash"] as const;

/** The streams to look at, each with its partitions behind it. A record that cannot be read stands for none. */
export async function partitionsOf(
  rounds: Rounds,
  planned: readonly PlannedStream[],
): Promise<readonly (readonly PlannedStream[])[]> {
  const records = await rounds.ask((round) =>
    Promise.all(planned.map(({ name }) => round.ask<(string | null)[]>("HMGET", topologyKey(name), ...FIELDS))),
  );
  return planned.map((stream, at) => {
    const values = records[at] ?? [];
    const record = FIELDS.flatMap((field, index) => (values[index] == null ? [] : [[field, String(values[index])]]));
    const topology = topologyIn(stream.name, Object.fromEntries(record)) ?? unpartitioned(stream.name);
    return readStreams(topology).map((name) => ({ ...stream, name }));
  });
}
