import type { Hooks } from "../messaging/hooks.js";
import { DESTINATION, ERROR_TYPE, GROUP, type Labels } from "./attribute.js";
import { errorTypeOf } from "./error-type.js";

/** A number that grows, for each combination of labels. */
export interface Count {
  readonly labels: Labels;
  value: number;
}

/** Counts of a messaging that tell more than how often each hook was called. */
export class Tally {
  readonly #deadLettered = new Map<string, Count>();
  readonly #unserved = new Map<string, Count>();

  readonly hooks: Hooks = {
    deadLettered: ({ stream, group, error }) => {
      const type = errorTypeOf(error);
      add(this.#deadLettered, { [DESTINATION]: stream, [GROUP]: group, [ERROR_TYPE]: type });
    },
    groupUnserved: ({ stream, group }) => add(this.#unserved, { [DESTINATION]: stream, [GROUP]: group }),
  };

  /** The entries that became dead letters, by stream, group and the class of the error. */
  get deadLettered(): Iterable<Count> {
    return this.#deadLettered.values();
  }

  /** How often each group was found to keep its stream from being trimmed, because nobody serves it. */
  get unserved(): Iterable<Count> {
    return this.#unserved.values();
  }
}

function add(counts: Map<string, Count>, labels: Labels): void {
  const key = Object.values(labels).join("\0");
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { labels, value: 1 });
  else known.value++;
}
