import type { Delivery } from "./parcel.js";
import { shown, shownError } from "./shown.js";
import type { Outcome, Step } from "./step.js";

interface Line {
  readonly text: string;
  readonly isDeviation: boolean;
}

/** What happened in a schedule, a line an event. Where it is not told, the lines are only counted. */
export class Story {
  readonly #lines: Line[] = [];
  readonly #isTold: boolean;
  #length = 0;

  constructor(isTold: boolean) {
    this.#isTold = isTold;
  }

  get length(): number {
    return this.#length;
  }

  tell(line: () => string, isDeviation = false): void {
    this.#length++;
    if (this.#isTold) this.#lines.push({ text: line(), isDeviation });
  }

  /** Tells what differs from a clean run. */
  deviates(line: () => string): void {
    this.tell(line, true);
  }

  /** Tells of a step that was taken as in a clean run. */
  took(delivery: Delivery, step: Step, outcome: Outcome): void {
    const { parcel, process } = delivery;
    const isLate = step.kind === "acknowledge" && delivery !== parcel.owned;
    const late = (): string => `ends, and ${parcel.name} is no longer its own`;
    this.tell(() => `${process} ${isLate ? late() : taken(delivery, step, outcome)}`);
  }

  threw({ error, parcel, process }: Delivery): void {
    const what = parcel.isOnly ? "" : ` for ${parcel.name}`;
    this.tell(() => `the handler of ${process} throws${what}: ${shownError(error)}`);
  }

  goesOn({ parcel, process }: Delivery): void {
    this.tell(() => `${process} goes on${parcel.isOnly ? "" : ` with ${parcel.name}`}`);
  }

  /** All lines, numbered. Those that differ from a clean run are marked. */
  text(): string {
    const width = String(this.#lines.length).length;
    return this.#lines
      .map(({ text, isDeviation }, at) => `${isDeviation ? ">" : " "} ${String(at + 1).padStart(width)}. ${text}`)
      .join("\n");
  }
}

function taken({ attempt, parcel }: Delivery, { kind, does }: Step, outcome: Outcome): string {
  if (kind === "start") return `is given ${parcel.name} (attempt ${attempt})`;
  if ("error" in outcome) return `${does()}, which throws: ${shownError(outcome.error)}`;
  const hasResult = (kind === "state" || kind === "effect") && outcome.value !== undefined;
  return hasResult ? `${does()}, which returns ${shown(outcome.value)}` : does();
}
