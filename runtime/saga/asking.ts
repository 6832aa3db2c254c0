import type { CommandDescriptor } from "../contract/descriptor.js";
import { isErased } from "../contract/erased.js";
import { MOST_TIMEOUT_SECONDS, timeoutSecondsOf } from "../contract/time-limit.js";
import { CommandFailedError, MessagingError } from "../errors.js";
import { withCorrelation } from "../messaging/correlation.js";
import type { Sender } from "../messaging/sender.js";
import type { Queryable } from "../postgres/database.js";
import type { Transactions } from "../postgres/transactions.js";
import type { RelayParts } from "../publish/relayable.js";
import { type Answer, type Ask, postponeAsk, setAskAside, settleAsk, takeAsks } from "./ask.js";
import { committed } from "./committed.js";
import type { Refusal, Saga } from "./definition.js";
import type { Engine } from "./engine.js";
import { type Instance, lockInstance, saveInstance } from "./instance.js";
import { Kept } from "./kept.js";
import { commandOf } from "./known-command.js";

const LONGEST_SECONDS = 3600;
/** Added to the time that a command waits for its answer: as long as its step may take. */
const LEASE_SECONDS = 10;
/** The code of a command that was not begun, because the database of its service was away. */
const NOT_BEGUN = "DATABASE_UNAVAILABLE";
/** Codes of failures that no repetition changes. */
const FINAL = new Set(["UNRECOVERABLE", "CONTRACT_VIOLATED"]);

/** Where sagas are kept, and what takes their steps. */
export interface SagaPlace {
  readonly transactions: Transactions<unknown>;
  readonly sagas: ReadonlyMap<string, Saga<object>>;
  readonly engine: Engine;
  readonly messaging: Pick<Sender, "send">;
  readonly parts: RelayParts;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
}

/** Sends the commands of sagas, and has their answers taken. */
export class Asking {
  readonly #place: SagaPlace;
  /** The places of the commands that this process waits for. */
  readonly #underWay = new Set<string>();
  readonly #kept: Kept;

  constructor(place: SagaPlace) {
    this.#place = place;
    this.#kept = new Kept(place.parts);
  }

  /** Begins with commands that are due. @returns what resolves when each has been settled */
  async begin(most: number): Promise<readonly Promise<void>[]> {
    const { sagas, parts } = this.#place;
    const secondsOf = (ask: Ask): number => this.#leaseSeconds(ask);
    const chosen = { sagas: [...sagas.keys()], most, except: [...this.#underWay], secondsOf };
    const asks = await committed(this.#place.transactions, (db) => takeAsks(db, chosen));
    return asks.map((ask) => {
      this.#underWay.add(ask.place);
      return this.#ask(ask)
        .catch((error: unknown) => parts.hooks.trouble(`keeping the answer to ${ask.request.command}`, error))
        .finally(() => this.#underWay.delete(ask.place));
    });
  }

  #leaseSeconds({ saga, request: { command, options } }: Ask): number {
    const { sagas, parts } = this.#place;
    const descriptor = commandOf(sagas.get(saga) as Saga<object>, parts.catalogue, command);
    return LEASE_SECONDS + Math.min(timeoutSecondsOf(descriptor, options.timeoutSeconds), MOST_TIMEOUT_SECONDS);
  }

  async #ask(ask: Ask): Promise<void> {
    const saga = this.#place.sagas.get(ask.saga) as Saga<object>;
    try {
      const { answer } = ask;
      const known = answer && (await this.#kept.openedAnswer(saga, ask, answer));
      await this.#take(saga, ask, known ?? (await this.#answerTo(saga, ask)));
    } catch (thrown) {
      await this.#postpone(saga, ask, thrown);
      if (!(thrown instanceof CommandFailedError || this.#place.signal.aborted)) {
        this.#place.parts.hooks.trouble(`asking ${ask.request.command} for the saga ${ask.saga}`, thrown);
      }
    }
  }

  /** Throws what sending the command again may mend. */
  async #answerTo(saga: Saga<object>, ask: Ask): Promise<Answer> {
    const payload = await this.#kept.openedPayload(saga, ask);
    if (isErased(payload)) {
      const message = `${ask.request.command} has a value of a person who was forgotten, and is not sent`;
      return { refusal: { code: undefined, message } };
    }
    try {
      return { result: await this.#send(saga, ask, payload) };
    } catch (thrown) {
      if (!(thrown instanceof CommandFailedError)) throw thrown;
      if (thrown.errorCode === NOT_BEGUN) throw thrown;
      const most = ask.request.options.maxRetries ?? this.#place.parts.config.maxRetries;
      if (ask.attempts < most && !FINAL.has(thrown.errorCode ?? "")) throw thrown;
      return { refusal: { code: thrown.errorCode, message: thrown.message } };
    }
  }

  #send(saga: Saga<object>, { commandId: id, request, correlationId }: Ask, payload: unknown): Promise<unknown> {
    const { messaging, parts } = this.#place;
    const { command, options } = request;
    const descriptor = commandOf(saga, parts.catalogue, command);
    if (descriptor === undefined) {
      const text = `the saga ${saga.name} asks ${command}, which this process does not know: deploy the release that does`;
      return Promise.reject(new MessagingError("COMMAND_UNKNOWN", text));
    }
    const { targetService, timeoutSeconds } = options;
    const { signal } = this.#place;
    const chosen = { id, signal, ...(targetService && { targetService }), ...(timeoutSeconds && { timeoutSeconds }) };
    const send = (): Promise<unknown> =>
      messaging.send(descriptor as CommandDescriptor<unknown, unknown, unknown>, payload, chosen);
    return correlationId === undefined ? send() : withCorrelation({ correlationId }, send);
  }

  /** The answer and what its step does are one transaction. Whoever is second finds nothing to do. */
  async #take(saga: Saga<object>, ask: Ask, answer: Answer): Promise<void> {
    const { isUndo, request } = ask;
    try {
      if ("refusal" in answer) await this.#refuse(saga, ask, answer.refusal);
      else {
        await this.#settled(ask, (db, instance) =>
          this.#place.engine.answered(db, saga, instance, { command: request.command, isUndo, result: answer.result }),
        );
      }
    } catch (thrown) {
      throw new StepFailed(thrown, answer);
    }
  }

  async #refuse(saga: Saga<object>, ask: Ask, why: Refusal): Promise<void> {
    const { command } = ask.request;
    if (!ask.isUndo) {
      await this.#settled(ask, (db, instance) => this.#place.engine.refused(db, saga, instance, { command, why }));
      return;
    }
    await committed(this.#place.transactions, async (db) => {
      const instance = await lockInstance(db, ask.saga, ask.id);
      if (instance?.status !== "undoing") return;
      if (!(await setAskAside(db, ask, why.message))) return;
      const error = `${instance.error ?? ""}; ${command}, which undoes, was refused: ${why.message}`;
      await saveInstance(db, { ...instance, status: "stuck", error, shown: undefined });
    });
  }

  async #postpone(saga: Saga<object>, ask: Ask, thrown: unknown): Promise<void> {
    const { retryDelayMs } = this.#place.parts.config;
    const isFailure = thrown instanceof CommandFailedError;
    const cause = thrown instanceof StepFailed ? thrown.cause : thrown;
    const delay = Math.min(LONGEST_SECONDS, (retryDelayMs / 1000) * 2 ** Math.min(ask.attempts, 20));
    const seconds = this.#place.signal.aborted ? 0 : delay;
    const error = cause instanceof Error ? cause.message : String(cause);
    const counts = (isFailure && thrown.errorCode !== NOT_BEGUN) || thrown instanceof StepFailed;
    const kept =
      thrown instanceof StepFailed ? { answer: await this.#kept.sealedAnswer(saga, ask, thrown.takenAnswer()) } : {};
    await committed(this.#place.transactions, (db) =>
      postponeAsk(db, ask, { seconds, error, counts, isAnew: isFailure, ...kept }),
    );
  }

  /** Locks the saga before its command, as its steps do, so that nobody waits in a circle. */
  async #settled(ask: Ask, work: (db: Queryable, instance: Instance) => Promise<void>): Promise<void> {
    await committed(this.#place.transactions, async (db) => {
      const instance = await lockInstance(db, ask.saga, ask.id);
      if (instance === undefined || !(await settleAsk(db, ask))) return;
      await work(db, instance);
    });
  }
}

/**
 * The step that takes an answer has thrown. The answer is kept, so that the command is not sent again. A log that asks an error's
 * getters does not come by it either.
 */
class StepFailed extends Error {
  readonly #answer: Answer;

  constructor(cause: unknown, answer: Answer) {
    super("the step that takes the answer failed", { cause });
    this.#answer = answer;
  }

  takenAnswer(): Answer {
    return this.#answer;
  }
}
