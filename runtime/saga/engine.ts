import type { Descriptor } from "../contract/descriptor.js";
import { RetryAfter } from "../errors.js";
import { currentCorrelation } from "../messaging/correlation.js";
import type { Queryable } from "../postgres/database.js";
import type { OutboxOf } from "../postgres/outbox.js";
import type { RelayParts } from "../publish/relayable.js";
import type { Refusal, Saga } from "./definition.js";
import {
  type Instance,
  insertAsk,
  insertInstance,
  lockInstance,
  progressed,
  saveInstance,
  setTimer,
} from "./instance.js";
import { Kept } from "./kept.js";
import { stateOf, writtenState } from "./state.js";
import { type CommandCheck, StepTaken } from "./step.js";

/** A message may come before the one that begins its saga. Until it is a dead letter, it is looked at again. */
const MISSING_SECONDS = 5;

type Run = (state: unknown, step: StepTaken) => unknown;

export interface EngineParts {
  readonly messaging: RelayParts;
  readonly outbox: OutboxOf;
}

/** Takes the steps of sagas, each in a transaction that another began. */
export class Engine {
  readonly #outbox: OutboxOf;
  readonly #check: CommandCheck;
  readonly #kept: Kept;

  constructor({ messaging, outbox }: EngineParts) {
    this.#outbox = outbox;
    this.#kept = new Kept(messaging);
    this.#check = (descriptor, payload, { targetService }) =>
      messaging.publisher.check(descriptor as unknown as Descriptor, { payload, target_service: targetService }, {});
  }

  /** @returns whether it was begun: `false` if there is one with that id */
  async begin(db: Queryable, saga: Saga<object>, id: string, state: unknown): Promise<boolean> {
    const correlationId = currentCorrelation()?.correlationId;
    const key = { saga: saga.name, id, version: saga.version };
    if (!(await insertInstance(db, key, correlationId))) return false;
    const fresh: Instance = { ...key, state: "{}", status: "running", undo: [], error: undefined, correlationId };
    await this.#take(db, saga, fresh, structuredClone(state), (draft, step) => saga.first?.(draft, step as never));
    return true;
  }

  /** Has a message's step run, if its saga is under way. */
  async message(db: Queryable, saga: Saga<object>, id: string, run: Run, missing: "ignore" | "retry"): Promise<void> {
    const instance = await lockInstance(db, saga.name, id);
    if (instance === undefined) {
      if (missing === "ignore") return;
      throw new RetryAfter(MISSING_SECONDS, `there is no saga ${saga.name} ${id} yet`);
    }
    if (instance.status === "running") await this.#take(db, saga, instance, stateOf(saga, instance), run);
  }

  /** A command was answered. One that undoes has no step. */
  async answered(
    db: Queryable,
    saga: Saga<object>,
    instance: Instance,
    { command, isUndo, result }: { readonly command: string; readonly isUndo: boolean; readonly result: unknown },
  ): Promise<void> {
    const step = isUndo ? undefined : saga.answers.get(command);
    if (step === undefined) return this.#goOn(db, instance);
    await this.#take(db, saga, instance, stateOf(saga, instance), (state, taken) =>
      step(state, result as never, taken as never),
    );
  }

  /** A command has failed for good. Where it was to undo something, only an operator can help. */
  async refused(
    db: Queryable,
    saga: Saga<object>,
    instance: Instance,
    { command, why }: { readonly command: string; readonly why: Refusal },
  ): Promise<void> {
    if (instance.status !== "running") return this.#goOn(db, instance);
    const step = saga.refusals.get(command);
    await this.#take(db, saga, instance, stateOf(saga, instance), (state, taken) => {
      if (step !== undefined) return step(state, why as never, taken as never);
      taken.fail(`${command} was refused: ${why.message}`);
      return undefined;
    });
  }

  async timeout(db: Queryable, saga: Saga<object>, instance: Instance, name: string): Promise<void> {
    const step = saga.timeouts.get(name);
    if (step === undefined) throw new Error(`the saga ${saga.name} has no step for the timeout ${name}`);
    await this.#take(db, saga, instance, stateOf(saga, instance), (state, taken) => step(state, taken as never));
  }

  async #goOn(db: Queryable, instance: Instance): Promise<void> {
    await saveInstance(db, { ...(await progressed(db, instance)), shown: undefined });
  }

  /** A saga that has failed takes from a step only what is to be undone. */
  async #take(db: Queryable, saga: Saga<object>, instance: Instance, state: unknown, run: Run): Promise<void> {
    const taken = new StepTaken({ id: instance.id, database: db, outbox: this.#outbox(db) }, this.#check);
    await run(state, taken);
    await Promise.all(taken.checks);
    const goesOn = instance.status === "running" && taken.failure === undefined && !taken.isDone;
    if (goesOn) {
      const asked = await this.#kept.sealedRequests(saga, instance.id, taken.asked);
      for (const request of asked) await insertAsk(db, instance, request, false);
      for (const [name, seconds] of taken.timers) await setTimer(db, instance, name, seconds);
    }
    const next = await progressed(db, {
      ...instance,
      ...writtenState(saga, state),
      version: saga.version,
      undo: [...instance.undo, ...(await this.#kept.sealedRequests(saga, instance.id, taken.undoing))],
      status: statusAfter(instance, taken),
      error: taken.failure ?? instance.error,
    });
    await saveInstance(db, { ...next, shown: writtenState(saga, state).shown });
  }
}

function statusAfter({ status }: Instance, { failure, isDone }: StepTaken): Instance["status"] {
  if (status !== "running") return status;
  if (failure !== undefined) return "undoing";
  return isDone ? "done" : "running";
}
