/**
 * Answers questions that may lead back to themselves, each once. As long as a question is open, its answer counts as
 * `false`; more answers that are `true` must never make another one `false`. Then what is answered does not depend on the
 * order of the questions: the answers are the smallest set of `true` that follows.
 */
export class Answers {
  readonly #known = new Map<string, boolean>();
  /** The questions that are being answered, the outer ones first, each with how many are outside. */
  readonly #open = new Map<string, number>();
  /** Answers that are `false` as long as the outermost question that they rest on is open. */
  readonly #provisional = new Map<string, number>();
  /** The outermost open question that the present one rests on. */
  #restsOn = Number.POSITIVE_INFINITY;

  answer(question: string, find: () => boolean): boolean {
    const known = this.#known.get(question);
    if (known !== undefined) return known;
    const assumed = this.#open.get(question) ?? this.#provisional.get(question);
    if (assumed !== undefined) {
      this.#restsOn = Math.min(this.#restsOn, assumed);
      return false;
    }
    const depth = this.#open.size;
    const before = this.#provisional.size;
    const outer = this.#restsOn;
    this.#open.set(question, depth);
    this.#restsOn = Number.POSITIVE_INFINITY;
    const answer = find();
    this.#open.delete(question);
    const restsOn = this.#restsOn;
    this.#restsOn = outer;
    // What is `true` though others count as `false` is true whatever they are.
    if (answer || restsOn >= depth) {
      this.#known.set(question, answer);
      this.#settle(before, answer);
    } else {
      this.#provisional.set(question, restsOn);
      this.#restsOn = Math.min(outer, restsOn);
    }
    return answer;
  }

  /** Drops what rested on an answer that has become `true`, or keeps it. */
  #settle(before: number, isDropped: boolean): void {
    if (this.#provisional.size === before) return;
    for (const question of [...this.#provisional.keys()].slice(before)) {
      this.#provisional.delete(question);
      if (!isDropped) this.#known.set(question, false);
    }
  }
}
