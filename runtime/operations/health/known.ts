import { DecodeError } from "../../errors.js";
import type { ServiceReport } from "./alert.js";
import type { HealthMessage } from "./report.js";

/** The last report of a service. */
export interface Known {
  readonly message: HealthMessage;
  readonly report: ServiceReport;
  readonly reportedMs: number;
}

/** Whoever may write the stream may invent names. */
const MOST_SERVICES = 1000;
/** A service that is silent for so long makes room for another one. */
const FORGOTTEN_AFTER_SECONDS = 86_400;

/**
 * Makes room for one more service. Those that are known are kept, however many others are invented.
 * @throws {DecodeError} when there is none
 */
export function makeRoom(
  known: ReadonlyMap<string, Known>,
  silentSeconds: (one: Known) => number,
  forget: (service: string) => void,
): void {
  if (known.size < MOST_SERVICES) return;
  for (const [service, one] of known) if (silentSeconds(one) > FORGOTTEN_AFTER_SECONDS) forget(service);
  if (known.size < MOST_SERVICES) return;
  throw new DecodeError(`${MOST_SERVICES} services are known already: forget() those that do not exist`);
}
