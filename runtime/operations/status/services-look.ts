import { addedAt, ageOf } from "../../broker/entry-id.js";
import type { LogEntry } from "../../broker/log.js";
import { entityOf, fieldOf, typeOf } from "../../contract/codec.js";
import { type HealthMessage, readHealthMessage } from "../health/report.js";
import type { ServiceStatus } from "./service-status.js";

const MOST_SERVICES = 1000;
/** Two reports whose process began within this time are of one process. */
const SAME_START_MS = 2000;

interface Report {
  readonly id: string;
  readonly message: HealthMessage;
}

/** Entries, the newest first, and the time by the clock that gave them their ids. */
export interface NewestEntries {
  readonly entries: readonly LogEntry[];
  readonly nowMs: number;
}

/** What was read of services. */
export interface ServiceTexts {
  /** The newest entries of the health stream. */
  readonly reports: NewestEntries;
  /** The newest events, the newest first: starts and stops are among them. */
  readonly events: NewestEntries;
  /** Whether anybody of a service's groups is alive; `undefined` when it has none. */
  readonly isAlive: (service: string) => boolean | undefined;
}

/** The services that report or announce themselves, by name. */
export function servicesOf({ reports, events, isAlive }: ServiceTexts): readonly ServiceStatus[] {
  const reported = reportsBy(reports.entries);
  const announced = announcementsBy(events.entries);
  const names = [...new Set([...reported.keys(), ...announced.keys()])].sort().slice(0, MOST_SERVICES);
  return names.map((name) => {
    const { started, stopped } = announced.get(name) ?? {};
    return {
      name,
      ...reportedOf(reported.get(name) ?? [], reports.nowMs),
      startedMs: started === undefined ? null : ageOf(started, events.nowMs),
      stoppedMs: stopped === undefined ? null : ageOf(stopped, events.nowMs),
      isAlive: isAlive(name) ?? null,
    };
  });
}

type Reported = Omit<ServiceStatus, "name" | "startedMs" | "stoppedMs" | "isAlive">;

/** @param reports - of one service, the newest first */
function reportedOf(reports: readonly Report[], nowMs: number): Reported {
  const [newest] = reports;
  const processes = processesOf(reports);
  const counts = processes.map((each) => [overtakenIn(each[0]), overtakenIn(each.at(-1))] as const);
  return {
    status: newest?.message.status ?? null,
    version: newest?.message.version ?? null,
    silentMs: newest === undefined ? null : ageOf(newest.id, nowMs),
    intervalMs: intervalOf(processes),
    uptimeSeconds: newest?.message.uptime_seconds ?? null,
    overtaken: counts.reduce((sum, [last]) => sum + last, 0),
    // Of a single report nobody knows when it was.
    overtakenLately: counts.reduce(
      (sum, [last, first], at) => sum + last - (processes[at]?.length === 1 ? 0 : first),
      0,
    ),
    heartbeatProblem: heartbeatProblemIn(newest),
  };
}

/** The reports of each process of a service: those that tell the same start. */
function processesOf(reports: readonly Report[]): readonly (readonly Report[])[] {
  const processes: { readonly startMs: number; readonly reports: Report[] }[] = [];
  for (const report of reports) {
    const startMs = addedAt(report.id) - (report.message.uptime_seconds ?? 0) * 1000;
    const hasUptime = report.message.uptime_seconds !== undefined;
    const known = processes.find((each) => !hasUptime || Math.abs(each.startMs - startMs) <= SAME_START_MS);
    if (known === undefined) processes.push({ startMs, reports: [report] });
    else known.reports.push(report);
  }
  return processes.map((each) => each.reports);
}

/** The median of the times between two reports of one process. */
function intervalOf(processes: readonly (readonly Report[])[]): number | null {
  const gaps = processes.flatMap((reports) =>
    reports.slice(1).map(({ id }, at) => addedAt(reports[at]?.id ?? id) - addedAt(id)),
  );
  const sorted = gaps.sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function overtakenIn(report: Report | undefined): number {
  const { overtaken } = objectOf(report?.message.details?.["counts"]);
  return typeof overtaken === "number" && overtaken > 0 ? overtaken : 0;
}

function heartbeatProblemIn(report: Report | undefined): string | null {
  const { state, reason } = objectOf(report?.message.details?.["heartbeat"]);
  return state === "unconfirmed" ? String(reason ?? "no answer") : null;
}

function reportsBy(entries: readonly LogEntry[]): ReadonlyMap<string, readonly Report[]> {
  const found = new Map<string, Report[]>();
  for (const entry of entries) {
    const message = messageIn(entry);
    if (message === undefined) continue;
    const known = found.get(message.service_name);
    if (known === undefined) found.set(message.service_name, [{ id: entry.id, message }]);
    else known.push({ id: entry.id, message });
  }
  return found;
}

/** `undefined` for what is no report. */
function messageIn(entry: LogEntry): HealthMessage | undefined {
  try {
    return readHealthMessage(entry);
  } catch {
    return undefined;
  }
}

/** The newest start of an instance that has not stopped, and the newest stop. */
interface Announced {
  readonly started?: string;
  readonly stopped?: string;
}

function announcementsBy(events: readonly LogEntry[]): ReadonlyMap<string, Announced> {
  const found = new Map<string, Announced>();
  const ended = new Set<string>();
  for (const { id, fields } of events) {
    const type = typeOf(fields);
    if (type !== "service.started" && type !== "service.stopped") continue;
    const service = entityOf(fields)?.replace(/^[^:]*:/, "");
    if (service === undefined || service === "") continue;
    const known = found.get(service) ?? {};
    const instance = JSON.stringify([service, instanceIn(fields)]);
    if (type === "service.stopped") {
      ended.add(instance);
      if (known.stopped === undefined) found.set(service, { ...known, stopped: id });
      // The newest come first: its end was read before.
    } else if (!ended.has(instance) && known.started === undefined) found.set(service, { ...known, started: id });
  }
  return found;
}

/** Which instance of a service an announcement is about, in either encoding; `null` when it does not say. */
function instanceIn(fields: readonly string[]): unknown {
  try {
    const json = fieldOf(fields, "json");
    const data = json === undefined ? JSON.parse(fieldOf(fields, "after_data") ?? "{}") : JSON.parse(json).after_data;
    return objectOf(data)["instance_id"] ?? null;
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
