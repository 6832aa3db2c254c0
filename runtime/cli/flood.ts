/** Lets so many live messages through in each second, and tells of the others. */
export class Flood {
  readonly #rate: number;
  #second = 0;
  #shown = 0;
  #skipped = 0;

  readonly #note: (sentence: string) => void;

  /**
   * @param rate - 0 for all
   * @param note - is told when messages are left out, and then how many
   */
  constructor(rate: number, note: (sentence: string) => void) {
    this.#rate = rate;
    this.#note = note;
  }

  admits(isLive: boolean): boolean {
    if (this.#rate === 0 || !isLive) return true;
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) [this.#second, this.#shown] = [second, 0];
    if (++this.#shown <= this.#rate) {
      this.tell();
      return true;
    }
    if (this.#skipped++ === 0)
      this.#note(`more than ${this.#rate} messages a second: the others are only counted (--rate 0 shows all)`);
    return false;
  }

  tell(): void {
    if (this.#skipped > 0) this.#note(`${this.#skipped} messages were not shown`);
    this.#skipped = 0;
  }
}
