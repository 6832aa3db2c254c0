import { addedAt, comesBefore } from "../../broker/entry-id.js";
import { prefixed } from "../../config/config.js";
import type { Descriptor } from "../../contract/descriptor.js";
import { MessagingError } from "../../errors.js";
import { askEach } from "../../operations/ask-each.js";
import type { DeadLetter, DeadLetterState, DeadLetterSummary } from "../../operations/index.js";
import { readLetter } from "../../operations/index.js";
import type { Operator } from "../../operations/operator.js";
import { deadLettersOf } from "../../operations/redis-dead-letters.js";
import { json } from "../pages/words.js";
import type { Cause, Causes, LetterLine, LetterQuery, LetterState } from "./letter-state.js";
import type { Part } from "./message-state.js";

const LISTED = 50;
/** So many causes of a stream are shown. */
const MOST_CAUSES = 50;

/** Reads dead letters as they may be shown. */
export class LetterSource {
  readonly #letters: ReturnType<typeof deadLettersOf>;
  readonly #operator: Operator;
  readonly #descriptors: readonly Descriptor[];

  constructor(operator: Operator, descriptors: readonly Descriptor[]) {
    this.#operator = operator;
    this.#descriptors = descriptors;
    this.#letters = deadLettersOf(operator.config, operator.routes);
  }

  /** The causes in all streams, the most frequent first. */
  async causes(): Promise<Causes> {
    const streams = [...new Set(this.#descriptors.map(({ stream }) => stream))];
    const { found, unseen } = await askEach(this.#operator.routes, streams, async (stream) => ({
      ...{ stream, ...(await this.#letters.causes(stream)) },
    }));
    const causes = found.flatMap(({ stream, causes }) =>
      causes.slice(0, MOST_CAUSES).map(
        ({ id, count, type, group, name, code, text, firstAt, lastAt, example }): Cause => ({
          ...{ id, stream, group, type, count, message: text, sample: example },
          reason: code ?? name,
          firstMs: Date.parse(firstAt),
          lastMs: Date.parse(lastAt),
        }),
      ),
    );
    const counted = causes.reduce((sum, { count }) => sum + count, 0);
    const others = found.reduce((sum, { letters }) => sum + letters, 0) - counted;
    return { causes: causes.sort((one, other) => other.count - one.count), others, unseen };
  }

  async list({ stream, group, type, cause, state, after }: LetterQuery): Promise<Part<LetterLine>> {
    const since = after === undefined ? undefined : new Date(addedAt(after));
    const wanted = STATES.find((each) => each === state) ?? "open";
    const items: LetterLine[] = [];
    for await (const letter of this.#letters.summaries(stream, { group, type, cause, state: wanted, since })) {
      if (after !== undefined && !comesBefore(after, letter.id)) continue;
      if (items.length === LISTED) return { items, next: items.at(-1)?.id };
      items.push(lineOf(stream, letter));
    }
    return { items, next: undefined };
  }

  async get(stream: string, id: string): Promise<LetterState | undefined> {
    const letter = await this.#find(stream, id);
    if (letter === undefined) return undefined;
    const { message, issues } = readLetter(letter, this.#descriptors);
    const key = prefixed(this.#operator.config, stream);
    return {
      ...lineOf(stream, letter),
      stateText: wordsOf(letter.state),
      errors: letter.errors.map(({ at, name, message, code }) => ({ at, text: `${code ?? name}: ${message}` })),
      text: message === undefined ? "It cannot be shown: no contract says what of it is sensitive." : json(message),
      issues: issues.map(({ path, message }) => `${path} ${message}`.trim()),
      isEditable: message !== undefined,
      isReturnable: letter.original.length > 0 || letter.keptBytes !== undefined,
      // What a group read from its own stream is no entry of the main one.
      entryId: letter.stream === key ? letter.entryId : undefined,
      correlation: letter.correlationId ?? letter.messageId,
    };
  }

  async #find(stream: string, id: string): Promise<DeadLetter | undefined> {
    if (!/^\d{1,20}-\d{1,20}$/.test(id)) return undefined;
    try {
      return await this.#letters.get(stream, id);
    } catch (error) {
      if (error instanceof MessagingError && error.code === "DEAD_LETTER_MISSING") return undefined;
      throw error;
    }
  }
}

const STATES = ["open", "redriven", "discarded", "any"] as const;

function lineOf(
  stream: string,
  { id, group, type, reason, state }: Pick<DeadLetterSummary, "id" | "group" | "type" | "reason" | "state">,
): LetterLine {
  return { stream, id, group, type, reason, atMs: addedAt(id), state: state.state };
}

function wordsOf(state: DeadLetterState): string {
  if (state.state === "open") return "";
  return `by ${state.by} at ${state.at}${state.state === "discarded" ? `: ${state.reason}` : ""}`;
}
