import { addedAt } from "../../broker/entry-id.js";
import type { LogEntry } from "../../broker/log.js";
import { DecodeError } from "../../errors.js";
import type { ServiceReport } from "./alert.js";
import { type HealthMessage, readHealthMessage, serviceReport } from "./report.js";

/** Whoever may write the stream may invent names. */
const MOST_SERVICES = 1000;
const LONGEST_NAME = 200;
/** A service that is silent for so long makes room for another one. */
const FORGOTTEN_AFTER_MS = 86_400_000;

/** The last report of a service. */
export interface Known {
  readonly message: HealthMessage;
  readonly report: ServiceReport;
  readonly reportedMs: number;
}

/** The services that have reported. Those that are known are kept, however many others are invented. */
export class Roster {
  readonly #known = new Map<string, Known>();
  readonly #forgotten: (service: string) => void;

  constructor(forgotten: (service: string) => void) {
    this.#forgotten = forgotten;
  }

  /**
   * @param nowMs - Redis' clock: no report was made later, whatever its entry's id says
   * @throws {DecodeError} when the entry is no health message, or there is no room; {ContractError} when it breaks the contract
   */
  take(entry: LogEntry, nowMs: number): { now: Known; earlier: Known | undefined } {
    const now = read(entry, nowMs);
    const name = now.report.service;
    const earlier = this.#known.get(name);
    if (earlier === undefined) this.#makeRoom(nowMs);
    this.#known.set(name, now);
    return { now, earlier };
  }

  /** Takes an older report than those that are known: only that of a service that is not. It throws as {@link take} does. */
  takeOlder(entry: LogEntry, nowMs: number): void {
    const older = read(entry, nowMs);
    const name = older.report.service;
    if (this.#known.has(name)) return;
    this.#makeRoom(nowMs);
    this.#known.set(name, older);
  }

  get(service: string): Known | undefined {
    return this.#known.get(service);
  }

  all(): readonly (readonly [service: string, Known])[] {
    return [...this.#known];
  }

  forget(service: string): void {
    this.#known.delete(service);
  }

  #makeRoom(nowMs: number): void {
    if (this.#known.size < MOST_SERVICES) return;
    for (const [service, { reportedMs }] of this.#known) {
      if (nowMs - reportedMs > FORGOTTEN_AFTER_MS) this.#forgotten(service);
    }
    if (this.#known.size < MOST_SERVICES) return;
    throw new DecodeError(`${MOST_SERVICES} services are known already: forget() those that do not exist`);
  }
}

function read(entry: LogEntry, nowMs: number): Known {
  const message = readHealthMessage(entry);
  const report = serviceReport(message);
  if (report.service.length > LONGEST_NAME) {
    throw new DecodeError(`the service's name has ${report.service.length} characters`);
  }
  return { message, report, reportedMs: Math.min(addedAt(entry.id), nowMs) };
}
