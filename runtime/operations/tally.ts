import type { Issue } from "../errors.js";

/** Messages that break their contracts for the same reason at the same place. */
export interface Cause {
  readonly count: number;
  readonly type: string | undefined;
  /** With `[]` for any item of a list. */
  readonly path: string;
  /** Without the value that was found. */
  readonly message: string;
}

/** So many causes are told apart. A map's keys are part of a path, so there may be as many as there are messages. */
const MOST_CAUSES = 1000;

/** Counts messages, and the causes for which some are refused. */
export class Tally {
  messages = 0;
  broken = 0;
  readonly #causes = new Map<string, { count: number } & Omit<Cause, "count">>();
  #uncounted = 0;

  add(type: string | undefined, issues: readonly Issue[]): void {
    this.messages++;
    if (issues.length === 0) return;
    this.broken++;
    const causes = issues.map((issue) => ({
      type,
      path: issue.path.replaceAll(/\[\d+\]/g, "[]"),
      message: issue.message.replace(/, got .*$/s, "").replace(/ \(\d+ characters\)$/, ""),
    }));
    // A message with the same issue in ten items is one message.
    for (const [key, cause] of new Map(causes.map((cause) => [JSON.stringify(cause), cause]))) {
      const known = this.#causes.get(key);
      if (known !== undefined) known.count++;
      else if (this.#causes.size < MOST_CAUSES) this.#causes.set(key, { count: 1, ...cause });
      else this.#uncounted++;
    }
  }

  /** The causes, the most frequent first. */
  get causes(): readonly Cause[] {
    const rest = { count: this.#uncounted, type: undefined, path: "", message: "breaks the contract for other causes" };
    const all = [...this.#causes.values()].sort((a, b) => b.count - a.count);
    return this.#uncounted === 0 ? all : [...all, rest];
  }
}
