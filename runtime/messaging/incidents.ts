import type { Clock, Timer } from "../time/clock.js";
import { withoutContext } from "./correlation.js";

/** A line of the log. */
export interface Line {
  readonly level: "info" | "warn" | "error";
  readonly text: string;
  readonly details: object;
}

/** What makes lines the same incident. */
export interface Sameness {
  /** One of few: of a flood of different incidents, those of one kind are told by their number. */
  readonly kind: string;
  /** Numbers and ids in it make no difference: the error of one message names its order, that of the next one another. */
  readonly key: string;
  /** So many lines of it are written at once, before it is only counted. */
  readonly most: number;
}

const QUIET_MS = 30_000;
const MOST_KNOWN = 100;
const LONGEST_KEY = 500;
const NUMBER_OR_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+/gi;

interface Incident {
  /** When it is written at once again, if it does not happen until then. */
  quietAt: number;
  written: number;
  /** How often it has happened since it was last written. */
  repeated: number;
  last: Line | undefined;
  timer: Timer | undefined;
}

/**
 * Writes the first line of an incident at once, and then one in half a minute at most: the last one, with the number of
 * those that it stands for as `repeated`. Nothing is left untold for longer than that, or beyond {@link tellAll}.
 */
export class Incidents {
  readonly #clock: Clock;
  readonly #write: (line: Line) => void;
  readonly #known = new Map<string, Incident>();

  constructor(clock: Clock, write: (line: Line) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  tell(line: Line, { kind, key, most }: Sameness): void {
    const incident = this.#find(kind, key);
    const now = this.#clock.now();
    if (incident.repeated === 0 && now >= incident.quietAt) {
      incident.quietAt = now + QUIET_MS;
      incident.written = 0;
    }
    if (incident.written < most) {
      incident.written++;
      this.#write(line);
      return;
    }
    incident.last = added(incident.repeated === 0 ? undefined : incident.last, line);
    incident.repeated++;
    // The log is not that of the message, or of the request, in which this happens.
    if (incident.timer === undefined) withoutContext(() => this.#tellLater(incident, incident.quietAt - now));
  }

  /** Writes what is untold, when the messaging ends. */
  tellAll(): void {
    for (const incident of this.#known.values()) this.#tellRepeated(incident);
  }

  #find(kind: string, text: string): Incident {
    const key = `${kind} ${text.slice(0, LONGEST_KEY).replace(NUMBER_OR_ID, "0")}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const now = this.#clock.now();
    for (const [other, { quietAt, repeated }] of this.#known) {
      if (repeated === 0 && now >= quietAt) this.#known.delete(other);
    }
    // A flood of different ones, as junk from outside makes it.
    if (this.#known.size >= MOST_KNOWN && text !== "") return this.#find(kind, "");
    const incident = { quietAt: now, written: 0, repeated: 0, last: undefined, timer: undefined };
    this.#known.set(key, incident);
    return incident;
  }

  #tellLater(incident: Incident, ms: number): void {
    incident.timer = this.#clock.after(ms, () => this.#tellRepeated(incident)).unref();
  }

  #tellRepeated(incident: Incident): void {
    incident.timer?.cancel();
    incident.timer = undefined;
    const { last, repeated } = incident;
    if (last === undefined || repeated === 0) return;
    incident.repeated = 0;
    incident.last = undefined;
    incident.quietAt = this.#clock.now() + QUIET_MS;
    this.#write({ ...last, details: { ...last.details, repeated } });
  }
}

/** The later line. What both count is counted together. */
function added(earlier: Line | undefined, line: Line): Line {
  const [before, now] = [countOf(earlier), countOf(line)];
  return before === undefined || now === undefined
    ? line
    : { ...line, details: { ...line.details, count: before + now } };
}

function countOf(line: Line | undefined): number | undefined {
  return (line?.details as { readonly count?: number } | undefined)?.count;
}
