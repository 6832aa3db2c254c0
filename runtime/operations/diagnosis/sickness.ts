import { printable } from "../../contract/printable.js";
import type { GroupStatus } from "../status/group-status.js";
import type { RedisStatus } from "../status/redis-status.js";
import { serversOf } from "../status/servers.js";
import type { Status, StreamStatus } from "../status/status.js";
import type { Limits } from "./limits.js";
import type { Problem } from "./problem.js";

/** Finds one kind of what may be wrong, everywhere in what a look has shown. */
export type Sickness = (status: Status, limits: Limits) => readonly Problem[];

/** What is wrong with one stream. */
type OfStream = (stream: StreamStatus, status: Status, limits: Limits) => Omit<Problem, "stream"> | undefined;
/** What is wrong with one group. */
type OfGroup = (
  group: GroupStatus,
  about: { readonly status: Status; readonly limits: Limits },
) => Omit<Problem, "stream" | "group"> | undefined;

/** How a server is spoken of. */
interface ServerName {
  readonly address: string;
  /** `Redis`; on a cluster `Redis at 10.0.0.1:6379`. */
  readonly name: string;
  readonly isOfCluster: boolean;
  /** Whether it replicates another node of a cluster. */
  readonly isReplica: boolean;
  /** `Redis' clock`; on a cluster `The clock of Redis at 10.0.0.1:6379`. */
  of(thing: string): string;
}

/** A sickness that the one Redis may have, or each node of a cluster. */
export function inEachServer(
  find: (redis: RedisStatus, server: ServerName, limits: Limits) => Problem | undefined,
): Sickness {
  return (status, limits) =>
    serversOf(status).flatMap(({ address, redis, isReplica }) => {
      const isOfCluster = status.cluster !== null;
      const name = isOfCluster ? `Redis at ${printable(address)}` : "Redis";
      const of = (thing: string): string => (isOfCluster ? `The ${thing} of ${name}` : `Redis' ${thing}`);
      return find(redis, { address, name, isOfCluster, isReplica, of }, limits) ?? [];
    });
}

/** A sickness that each stream may have. */
export function inEachStream(find: OfStream): Sickness {
  return (status, limits) =>
    status.streams.flatMap((stream) => {
      const found = find(stream, status, limits);
      return found === undefined ? [] : [{ ...found, stream: stream.name }];
    });
}

/** A sickness that each group may have. */
export function inEachGroup(find: OfGroup): Sickness {
  return (status, limits) =>
    status.streams
      .flatMap(({ groups }) => groups)
      .flatMap((group) => {
        const found = find(group, { status, limits });
        return found === undefined ? [] : [{ ...found, stream: group.stream, group: group.name }];
      });
}

/** Whether an operator has paused the whole group. */
export function isPaused({ paused }: Status, { stream, name }: GroupStatus): boolean {
  return paused.some((pause) => pause.stream === stream && pause.group === name && pause.type === null);
}
