import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** What happened to one message in one handler. `begun` has no end yet. What is `noted` is about no message. */
export type Mark = "begun" | "handled" | "failed" | "noted";

/** Milliseconds on a clock that all processes of a machine share, and that nobody sets. */
export function instant(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** One line of a journal. */
export interface JournalLine {
  readonly mark: Mark;
  readonly serial: number;
  readonly attempt: number;
  /** By the clock of whoever wrote it, in ms. */
  readonly at: number;
  /** When it was written, by {@link instant}. */
  readonly instant: number;
  /** The id of the message's entry, or what was noted. */
  readonly text: string;
}

/**
 * What one consumer did, line by line. Each line is with the kernel when the call returns, so that no SIGKILL takes
 * back what was written before it.
 */
export class JournalWriter {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  write(mark: Mark, serial: number, attempt: number, text = ""): void {
    writeSync(this.#file, `${mark[0]} ${serial} ${attempt} ${Date.now()} ${instant()} ${text}\n`);
  }

  note(text: string): void {
    this.write("noted", 0, 0, text);
  }
}

const MARKS: Readonly<Record<string, Mark>> = { b: "begun", h: "handled", f: "failed", n: "noted" };
const PAGE = 1 << 20;

/** Reads what a journal has gained since the last look. */
export class JournalReader {
  readonly #file: number;
  readonly #page: Buffer = Buffer.allocUnsafe(PAGE);
  #position = 0;

  constructor(path: string) {
    closeSync(openSync(path, "a"));
    this.#file = openSync(path, "r");
  }

  *lines(): Generator<JournalLine> {
    for (;;) {
      const length = readSync(this.#file, this.#page, 0, PAGE, this.#position);
      const end = this.#page.subarray(0, length).lastIndexOf(10);
      if (end < 0) return;
      this.#position += end + 1;
      for (const line of this.#page.toString("latin1", 0, end).split("\n")) {
        const [mark = "", serial, attempt, at, since, ...words] = line.split(" ");
        yield {
          mark: MARKS[mark] as Mark,
          serial: Number(serial),
          attempt: Number(attempt),
          at: Number(at),
          // An older release writes the time of day alone.
          instant: Number(since ?? Number(at) - Date.now() + instant()),
          text: words.join(" "),
        };
      }
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
