import type { JournalLine } from "../journal.js";

/** `begun`, `handled` and `failed`, each as a number. */
export const BEGUN = 0;
export const HANDLED = 1;
export const FAILED = 2;

/** One line of a journal that is about a message. */
export interface MessageStep {
  readonly mark: typeof BEGUN | typeof HANDLED | typeof FAILED;
  readonly serial: number;
  /** The number of the member that wrote it. */
  readonly by: number;
  /** By the clock that all processes of the machine share, in ms. */
  readonly at: number;
  /** When the message's entry was stored, by the same clock: another time is another entry. */
  readonly stored: number;
}

const MARKS = { begun: BEGUN, handled: HANDLED, failed: FAILED } as const;

/** What the members of a group did with millions of messages, in 23 bytes a step. */
export class Steps {
  #count = 0;
  #mark = new Uint8Array(1024);
  #serial = new Uint32Array(1024);
  #by = new Uint16Array(1024);
  #at = new Float64Array(1024);
  /** By the time of day, as the entry's id has it. */
  #stored = new Float64Array(1024);
  /** By how much the time of day is ahead of the clock of the steps. */
  #ahead = 0;

  add({ mark, serial, at: time, instant, text }: JournalLine, by: number): void {
    if (mark === "noted") return;
    if (this.#count === this.#mark.length) this.#grow();
    const at = this.#count++;
    this.#mark[at] = MARKS[mark];
    this.#serial[at] = serial;
    this.#by[at] = by;
    this.#at[at] = instant;
    this.#stored[at] = Number(text.split("-", 1)[0]);
    this.#ahead = time - instant;
  }

  /** All of them in the order in which they happened, whoever's journal was read first. */
  *inTime(): Generator<MessageStep> {
    const order = Uint32Array.from({ length: this.#count }, (_, at) => at);
    order.sort((one, other) => (this.#at[one] as number) - (this.#at[other] as number));
    for (const at of order) {
      yield {
        mark: this.#mark[at] as MessageStep["mark"],
        serial: this.#serial[at] as number,
        by: this.#by[at] as number,
        at: this.#at[at] as number,
        stored: (this.#stored[at] as number) - this.#ahead,
      };
    }
  }

  #grow(): void {
    const length = 2 * this.#mark.length;
    const mark = new Uint8Array(length);
    const serial = new Uint32Array(length);
    const by = new Uint16Array(length);
    const at = new Float64Array(length);
    const stored = new Float64Array(length);
    mark.set(this.#mark);
    serial.set(this.#serial);
    by.set(this.#by);
    at.set(this.#at);
    stored.set(this.#stored);
    [this.#mark, this.#serial, this.#by, this.#at, this.#stored] = [mark, serial, by, at, stored];
  }
}
