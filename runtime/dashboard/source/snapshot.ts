import { prefixed } from "../../config/config.js";
import { diagnose } from "../../operations/diagnosis/diagnose.js";
import type { GroupStatus } from "../../operations/status/group-status.js";
import type { ServiceStatus } from "../../operations/status/service-status.js";
import type { PauseStatus, Status, StreamStatus } from "../../operations/status/status.js";
import { length } from "../pages/words.js";
import type { Fault, GroupState, ServiceState, Snapshot, StreamState } from "./overview.js";

/** What the pages show of a look at the installation. Streams go by their names without the environment's prefix. */
export function snapshotOf(status: Status): Snapshot {
  const plain = (stream: string): string => plainName(status, stream);
  return {
    atMs: status.atMs,
    environment: status.environment,
    address: status.address,
    faults: faultsOf(status),
    streams: status.streams
      .filter(({ keyType }) => keyType === "stream")
      .map((stream) => streamOf(stream, { name: plain(stream.name), status })),
    unseen: status.unseen.map(({ name, why }) => ({ name: plain(name), why })),
    services: status.services.map(serviceOf),
  };
}

function faultsOf(status: Status): readonly Fault[] {
  const seen = new Map<string, number>();
  return diagnose(status).map(({ severity, code, sentence, command, stream, group }) => {
    const about = `${code} ${stream ?? ""} ${group ?? ""}`;
    const count = (seen.get(about) ?? 0) + 1;
    seen.set(about, count);
    const plain = stream === undefined ? undefined : plainName(status, stream);
    return { key: `${about} ${count}`, severity, text: sentence, command, stream: plain, group };
  });
}

/** The name of a stream as services know it. */
export function plainName(config: { readonly environment: string }, stream: string): string {
  const prefix = prefixed(config, "");
  return stream.startsWith(prefix) ? stream.slice(prefix.length) : stream;
}

function streamOf(
  { name: key, length: entries, added, newestMs, oldestMs, groups }: StreamStatus,
  { name, status }: { readonly name: string; readonly status: Status },
): StreamState {
  const at = (ageMs: number | null): number | undefined => (ageMs === null ? undefined : status.atMs - ageMs);
  return {
    ...{ name, key, length: entries, added: added ?? entries },
    ...{ newestMs: at(newestMs), oldestMs: at(oldestMs) },
    groups: groups.map((group) =>
      groupOf(group, {
        added,
        pauses: status.paused.filter((each) => each.stream === key && each.group === group.name),
      }),
    ),
  };
}

function groupOf(
  { name, lag, pending, oldestPendingMs, parked, members, letters, redriven }: GroupStatus,
  { added, pauses }: { readonly added: number | null; readonly pauses: readonly PauseStatus[] },
): GroupState {
  return {
    name,
    lag: lag === null ? undefined : lag + (redriven?.lag ?? 0),
    pending: pending + (redriven?.pending ?? 0),
    oldestMs: oldestPendingMs ?? redriven?.oldestPendingMs ?? undefined,
    retrying: parked + (redriven?.parked ?? 0),
    members: members.total,
    alive: members.alive,
    list: members.list.map(({ name: member, state, lastSignMs, pending: held }) => ({
      ...{ name: member, state, pending: held },
      silentMs: lastSignMs ?? undefined,
    })),
    openLetters: letters.open ?? 0,
    // What it was given is what was added without what it has yet to read.
    read: added === null || lag === null ? undefined : added - lag,
    pauses: pauses.map(sentenceOf),
    isPaused: pauses.some(({ type }) => type === null),
  };
}

function sentenceOf({ type, sinceMs, endsInMs, who, why }: PauseStatus): string {
  const what = type === null ? "the whole group" : `the type ${type}`;
  const by = who === null || who === "" ? "" : ` by ${who}`;
  const since = sinceMs === null ? "" : ` for ${length(sinceMs)}`;
  const because = why === null || why === "" ? "" : `: ${why}`;
  const end = endsInMs === null ? "until it is resumed" : `for ${length(endsInMs)} more`;
  return `${what}${by}${since}, ${end}${because}`;
}

function serviceOf({
  name,
  status,
  version,
  silentMs,
  uptimeSeconds,
  stoppedMs,
  startedMs,
}: ServiceStatus): ServiceState {
  const hasStopped = stoppedMs !== null && (startedMs === null || stoppedMs < startedMs);
  return {
    name,
    status: hasStopped ? "stopped" : (status ?? "unknown"),
    silentSeconds: silentMs === null ? undefined : silentMs / 1000,
    version: version ?? undefined,
    uptimeSeconds: uptimeSeconds ?? undefined,
  };
}
