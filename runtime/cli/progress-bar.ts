import { widthOf } from "./table.js";

const WIDTH = 20;
/** A terminal is not written to more often. */
const EVERY_MS = 100;

/** A line on standard error that shows how far something has come: only on a terminal. */
export class ProgressBar {
  #shownAt = 0;
  #length = 0;

  show(share: number | undefined, text: string): void {
    if (process.stderr.isTTY !== true || Date.now() - this.#shownAt < EVERY_MS) return;
    this.#shownAt = Date.now();
    const done = Math.round((share ?? 0) * WIDTH);
    const bar =
      share === undefined ? "" : `[${"#".repeat(done)}${" ".repeat(WIDTH - done)}] ${Math.floor(share * 100)} % `;
    const line = `${bar}${text}`.slice(0, widthOf(process.stderr) - 1);
    process.stderr.write(`\r${line.padEnd(this.#length)}`);
    this.#length = line.length;
  }

  /** Removes it. */
  clear(): void {
    if (this.#length > 0) process.stderr.write(`\r${" ".repeat(this.#length)}\r`);
    this.#length = 0;
    this.#shownAt = 0;
  }
}
