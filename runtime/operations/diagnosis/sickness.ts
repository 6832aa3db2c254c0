import type { GroupStatus } from "../status/group-status.js";
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
