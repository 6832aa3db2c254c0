import { addedAt } from "../../broker/entry-id.js";
import type { FlatFields } from "../../contract/codec.js";
import type { ServiceReport } from "./alert.js";
import { type HealthMessage, readHealthMessage, serviceReport } from "./report.js";

/** Anyone may write a health message under any name. */
const MOST_SERVICES = 10_000;
const LONGEST_NAME = 200;

/** The last report of a service. */
export interface Known {
  readonly message: HealthMessage;
  readonly report: ServiceReport;
  readonly reportedMs: number;
}

/** The services that have reported. Beyond ten thousand those are forgotten that have been silent for longest. */
export class Roster {
  readonly #known = new Map<string, Known>();
  readonly #forgotten: (service: string) => void;

  constructor(forgotten: (service: string) => void) {
    this.#forgotten = forgotten;
  }

  /**
   * @param nowMs - Redis' clock: no report was made later, whatever its entry's id says
   * @throws {DecodeError} when the entry is no health message, {ContractError} when it breaks the contract
   */
  take(entryId: string, fields: FlatFields, nowMs: number): { now: Known; earlier: Known | undefined } {
    const message = readHealthMessage(fields);
    const name = message.service_name;
    if (name.length > LONGEST_NAME) throw new RangeError(`the service's name has ${name.length} characters`);
    const now = { message, report: serviceReport(message), reportedMs: Math.min(addedAt(entryId), nowMs) };
    const earlier = this.#known.get(name);
    this.#known.delete(name);
    this.#known.set(name, now);
    if (this.#known.size > MOST_SERVICES) this.#forgotten(this.#known.keys().next().value as string);
    return { now, earlier };
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
}
