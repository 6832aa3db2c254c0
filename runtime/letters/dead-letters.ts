// letters/ is what an operator does to dead letters, over the port. It may import delivery's base and handle/.
import type { Letters } from "../broker/letters.js";
import { type Config, prefixed } from "../config/config.js";
import type { Descriptor } from "../contract/descriptor.js";
import type { Clock } from "../time/clock.js";
import { CauseReader } from "./cause.js";
import type { DeadLetterCauses } from "./causes.js";
import { companyIn } from "./company.js";
import { type DeadLetterFilter, matches } from "./dead-letter-filter.js";
import type { DeadLetterState } from "./dead-letter-state.js";
import type { DeadLetterSummary } from "./dead-letter-summary.js";
import { editedEntry } from "./edited-entry.js";
import { type DeadLetterHistory, historyOf } from "./history.js";
import { causesOf, summariesOf } from "./letter-reading.js";
import {
  type DeadLetter,
  type Edit,
  found,
  LetterSettler,
  type OperatorOptions,
  read,
  type Settle,
  type SettledLetter,
} from "./letter-settler.js";
import { type PurgedGroup, type PurgeRule, planOf, purged } from "./purge.js";

const PAGE = 50;
/** What the dead letters are read from. */
export interface LetterParts {
  readonly clock: Clock;
  /** @param stream - its whole name */
  readonly lettersOf: (stream: string) => Letters;
}

/** The dead letters of a system. A redriven or discarded one stays on record, with the operator's name and the time. */
export class DeadLetters {
  readonly #config: Pick<Config, "environment" | "service" | "maxMessageBytes">;
  readonly #parts: LetterParts;

  constructor(config: Pick<Config, "environment" | "service" | "maxMessageBytes">, parts: LetterParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /**
   * Counts the dead letters of a stream (`events`) by their causes: message type, group, error, and place in the code. They
   * are read without their entries, page by page, so any number of any size is fine.
   *
   * @example
   * await using operations = new Operations();
   * const { causes } = await operations.deadLetters.causes("events");
   * for (const { id, count, name, text } of causes) console.log(id, count, name, text);
   * const [worst] = causes;
   * if (worst !== undefined) await operations.deadLetters.redriveAll("events", { cause: worst.id });
   */
  causes(stream: string, filter: DeadLetterFilter = {}): Promise<DeadLetterCauses> {
    return causesOf(this.#letters(stream), filter);
  }

  /**
   * Lists the dead letters of a stream without their entries, oldest first: what {@link list} tells but for the original, and
   * only the last error of each.
   *
   * @example
   * await using operations = new Operations();
   * for await (const { id, deaths } of operations.deadLetters.summaries("events")) console.log(id, deaths);
   */
  summaries(stream: string, filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetterSummary, void, undefined> {
    return summariesOf(this.#letters(stream), filter);
  }

  /**
   * Lists the dead letters of a stream, oldest first. They are read whole, in pages, so any number is fine.
   *
   * @throws {ConnectionError} as the other calls do; each of them may be repeated
   */
  async *list(stream: string, filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter> {
    const letters = this.#letters(stream);
    for (let after: string | undefined; ; ) {
      const page = (await letters.page(after, PAGE)).map(read);
      for (const letter of page) if (isWanted(letter, filter)) yield letter;
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }

  /** @throws {MessagingError} `DEAD_LETTER_MISSING` */
  async get(stream: string, id: string): Promise<DeadLetter> {
    const letters = this.#letters(stream);
    return found(letters, id, await letters.find(id));
  }

  /**
   * Tells how often a letter's message was redriven and died again in its group, and where it is now.
   *
   * @throws {MessagingError} `DEAD_LETTER_MISSING`
   */
  history(stream: string, id: string): Promise<DeadLetterHistory> {
    return historyOf(this.#letters(stream), id);
  }

  /**
   * Returns a dead letter to its group. Other groups do not receive it, and its attempts start at 1. A dead letter that
   * is no longer open is left alone. Resolves to its state.
   *
   * @throws {MessagingError} `DEAD_LETTER_MISSING` for an unknown id, or for one whose original had been deleted or cannot
   * be read; `MESSAGE_TOO_LARGE` for one whose entry is beyond this operator's `MESSAGE_MAX_BYTES`;
   * `PUBLISH_FAILED` when Redis refuses to add the entry, and the dead letter stays open; `PUBLISH_UNCERTAIN` when it
   * refuses to record that it did
   */
  redrive(stream: string, id: string, options: OperatorOptions = {}): Promise<DeadLetterState> {
    return this.#settler(stream).one((settler) => settler.redrive(id, options));
  }

  /**
   * Returns an edited copy of a dead letter's message to its group, and keeps the letter as it is. The copy is checked as one
   * that is published, and has the same ids, so that an inbox recognises it: its handler never completed the message. A `…`
   * where the contract marks a value as sensitive keeps that value. Its state then tells which paths were `changed`.
   *
   * @throws {ContractError} with every issue of the copy, also for another id, type or correlation. Nothing was changed, nor by
   * the errors of {@link redrive}
   * @example
   * await using operations = new Operations();
   * for await (const letter of operations.deadLetters.list("events", { type: "user.created" })) {
   *   const message = readLetter(letter, [userCreated]).message as unknown as UserCreated;
   *   await operations.deadLetters.redriveEdited(userCreated, letter.id, { ...message, entity_id: 7 });
   * }
   */
  redriveEdited<Message>(
    descriptor: Descriptor<Message>,
    id: string,
    message: NoInfer<Message>,
    options: OperatorOptions = {},
  ): Promise<DeadLetterState> {
    const edit = this.#edit(descriptor, message);
    return this.#settler(descriptor.stream).one((settler) => settler.redrive(id, options, edit));
  }

  /** Checks an edited copy as {@link redriveEdited} does, and tells which paths it changes. Nothing is changed. */
  async editedPaths<Message>(
    descriptor: Descriptor<Message>,
    id: string,
    message: NoInfer<Message>,
  ): Promise<readonly string[]> {
    const edit = this.#edit(descriptor, message);
    return (await this.#settler(descriptor.stream).one((settler) => settler.preview(id, edit))).changed;
  }

  /**
   * Redrives every open dead letter that matches and was there when it was called, one after the other, and yields what became of
   * each. Whoever stops to ask for more stops after the present one; the same call then goes on with those that are open.
   * Those are left as they are, with an `error`, of which there is nothing to return, or more than this operator's
   * `MESSAGE_MAX_BYTES`.
   *
   * @example
   * await using operations = new Operations();
   * for await (const { letter, error } of operations.deadLetters.redriveEach("events", { reason: "ECONNREFUSED" })) {
   *   if (error !== undefined) console.warn(letter.id, error.message);
   * }
   */
  redriveEach(
    stream: string,
    filter: Omit<DeadLetterFilter, "state"> = {},
    options: OperatorOptions = {},
  ): AsyncGenerator<SettledLetter, void, undefined> {
    return this.#each(stream, filter, (settler, id) => settler.redrive(id, options));
  }

  /** As {@link redriveEach}, for {@link discard}. */
  discardEach(
    stream: string,
    filter: Omit<DeadLetterFilter, "state">,
    reason: string,
    options: OperatorOptions = {},
  ): AsyncGenerator<SettledLetter, void, undefined> {
    return this.#each(stream, filter, (settler, id) => settler.discard(id, reason, options));
  }

  /**
   * Redrives every open dead letter that matches and was there when it was called; resolves to their number. Those are left
   * out of which there is nothing to return, or more than this operator's `MESSAGE_MAX_BYTES`.
   * @example
   * // The database of one handler was away, and is back.
   * await using operations = new Operations();
   * await operations.deadLetters.redriveAll("events", { group: "billing-workers", reason: "ECONNREFUSED" });
   */
  async redriveAll(
    stream: string,
    filter: Omit<DeadLetterFilter, "state"> = {},
    options: OperatorOptions = {},
  ): Promise<number> {
    let count = 0;
    for await (const { state } of this.redriveEach(stream, filter, options)) if (state.state === "redriven") count++;
    return count;
  }

  /**
   * Marks a dead letter as settled, with a reason. One that is no longer open is left alone. Resolves to its state.
   *
   * @throws {MessagingError} `DEAD_LETTER_MISSING`
   */
  discard(stream: string, id: string, reason: string, options: OperatorOptions = {}): Promise<DeadLetterState> {
    return this.#settler(stream).one((settler) => settler.discard(id, reason, options));
  }

  /** Counts by group what {@link purge} would remove. */
  async purgePlan(stream: string, rule: PurgeRule): Promise<readonly PurgedGroup[]> {
    const letters = this.#letters(stream);
    return planOf(letters, rule, await letters.newestId());
  }

  /**
   * Removes the dead letters to which a rule applies and that were there when it was called. An open one is lost. Yields how
   * many were removed by each step of up to 500; whoever stops to ask for more stops after the present one.
   *
   * @example
   * await using operations = new Operations();
   * for await (const count of operations.deadLetters.purge("events", { settled: true })) console.log(count);
   */
  async *purge(stream: string, rule: PurgeRule): AsyncGenerator<number, void, undefined> {
    const letters = this.#letters(stream);
    yield* purged(letters, rule, await letters.newestId());
  }

  #each(stream: string, filter: DeadLetterFilter, settle: Settle): AsyncGenerator<SettledLetter, void, undefined> {
    return this.#settler(stream).each(filter, settle);
  }

  #edit(descriptor: Descriptor, message: unknown): Edit {
    const maxBytes = this.#config.maxMessageBytes;
    return (original) => editedEntry(original.map(String), message, { descriptor, maxBytes });
  }

  #settler(stream: string): LetterSettler {
    return new LetterSettler(this.#letters(stream), this.#config, this.#parts.clock);
  }

  #letters(stream: string): Letters {
    return this.#parts.lettersOf(prefixed(this.#config, stream));
  }
}

function isWanted(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { id: cause } = new CauseReader().of({ ...letter, error: letter.errors.at(-1) });
  const { company } = filter;
  if (!matches({ ...letter, cause }, filter)) return false;
  return company === undefined || companyIn(letter.original.map(String)) === String(company);
}
