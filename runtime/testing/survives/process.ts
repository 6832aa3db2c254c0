import { AsyncLocalStorage } from "node:async_hooks";

import { UsageError } from "../../errors.js";
import type { Delivery, Host } from "./parcel.js";
import { type Outcome, outcomeOf, type Step, type StepKind } from "./step.js";
import { runNested, runTransaction, type TransactionHost } from "./transaction.js";
import { type WatchedCall, watch } from "./watch.js";

/** What a process shares with the others. */
export interface Surroundings {
  readonly state: unknown;
  readonly effects: unknown;
  /** Whether there is one message, so that whatever a process does it does for that. */
  readonly isSingle: boolean;
  /** The names of the methods that run a function in a transaction. */
  readonly transactions: readonly string[];
  /** Calls an effect, and keeps what took effect. */
  readonly callEffect: (call: WatchedCall) => Promise<unknown>;
  /** Adds a line to the story. */
  readonly tell: (line: () => string) => void;
  /** The process whose transaction is open. Transactions run one after the other. */
  inTransaction: Process | undefined;
  /** A mistake in the use of survives, which is no fault of the handler's. */
  misuse: unknown;
}

/** The delivery in which a call is made, where a process may have several at once. */
const deliveries = /* @__PURE__ */ new AsyncLocalStorage<Delivery>();

const never = new Promise<never>(() => undefined);
const ignore = (): void => undefined;

/** One process of the service. It has a handler and memory of its own. When it dies, its calls never return. */
export class Process implements Host, TransactionHost {
  readonly number: number;
  readonly steps: Step[] = [];
  readonly death: Promise<never>;
  /** The state and the effects that the process's handler is given. */
  readonly state: unknown;
  readonly effects: unknown;
  /** The last one. */
  delivery: Delivery | undefined;
  deliveries: readonly Delivery[] = [];
  isDead = false;
  readonly #around: Surroundings;
  readonly #transactions: Promise<unknown>[] = [];
  #die: () => void = ignore;

  constructor(number: number, around: Surroundings) {
    this.number = number;
    this.#around = around;
    this.death = new Promise((_, reject) => {
      this.#die = () => reject(new Error(`${this} died`));
    });
    this.death.catch(ignore);
    this.state = this.#watchState(around.state, "state", false);
    this.effects = watch(around.effects, "effects", (call) => this.#call("effect", call, false));
  }

  toString(): string {
    return `process ${this.number}`;
  }

  get isBusy(): boolean {
    const running = this.isDead ? [] : this.deliveries.filter(({ progress }) => progress === "running");
    return running.some((delivery) => !this.steps.some((step) => this.deliveryOf(step) === delivery));
  }

  deliveryOf({ delivery = this.delivery }: Step): Delivery | undefined {
    return delivery as Delivery | undefined;
  }

  /** Adds the first step of a delivery, which runs the handler. */
  deliver(delivery: Delivery, handle: () => unknown, acknowledge: (answer: unknown) => void): void {
    this.delivery = delivery;
    this.deliveries = [...this.deliveries.filter(({ progress }) => progress !== "ended"), delivery];
    const perform = async (): Promise<Outcome> => {
      delivery.progress = "running";
      void outcomeOf(handle).then((outcome) => this.#ended(delivery, outcome, acknowledge));
      return { value: undefined };
    };
    const { isOnly, name } = delivery.parcel;
    const does = (): string => `begins its handler${isOnly ? "" : ` of ${name}`}`;
    const step = { does, inTransaction: false, perform, settle: ignore };
    this.steps.push(this.#within(delivery, { kind: "start", ...step }));
  }

  /** A step that is taken for a delivery, as are those to which it leads. */
  #within(delivery: Delivery | undefined, step: Step): Step {
    if (this.#around.isSingle || delivery === undefined) return step;
    return { ...step, delivery, perform: () => deliveries.run(delivery, step.perform) };
  }

  #ended(delivery: Delivery, outcome: Outcome, acknowledge: (answer: unknown) => void): void {
    if (this.isDead) return;
    delivery.progress = "error" in outcome ? "failed" : "returned";
    if ("error" in outcome) {
      delivery.error = outcome.error;
      return;
    }
    const perform = (): Promise<Outcome> => outcomeOf(() => acknowledge(outcome.value));
    // Before the calls that the handler did not wait for.
    const does = (): string => `acknowledges ${delivery.parcel.name}`;
    const step = { does, inTransaction: false, perform, settle: ignore };
    this.steps.unshift(this.#within(delivery, { kind: "acknowledge", ...step }));
  }

  /** Dies: no call returns any more, and an open transaction is rolled back. */
  async kill(): Promise<void> {
    this.isDead = true;
    this.steps.length = 0;
    this.#die();
    await Promise.all(this.#transactions);
  }

  post(step: Step): void {
    if (!this.isDead) this.steps.push(this.#within(deliveries.getStore(), step));
  }

  watchInside(given: unknown): unknown {
    return this.#watchState(given, "tx", true);
  }

  opened(done: Promise<unknown>): void {
    this.#around.inTransaction = this;
    this.#transactions.push(done);
  }

  closed(isRolledBack: boolean): void {
    this.#around.inTransaction = undefined;
    if (isRolledBack) this.#around.tell(() => `the transaction of ${this} is rolled back`);
  }

  #watchState(state: unknown, path: string, inTransaction: boolean): unknown {
    return watch(state, path, (call) => {
      const isTransaction = this.#around.transactions.includes(call.name) && call.args.some(isFunction);
      if (!isTransaction) return this.#call("state", call, inTransaction);
      return inTransaction ? runNested(this, call) : runTransaction(this, call);
    });
  }

  /** Posts a call as a step. It returns once that has been taken. */
  #call(kind: StepKind, call: WatchedCall, inTransaction: boolean): Promise<unknown> {
    if (this.isDead) return never;
    const work = (): unknown =>
      kind === "effect" ? this.#around.callEffect(call) : this.#asynchronous(call, call.call(call.args));
    const perform = (): Promise<Outcome> => outcomeOf(work);
    const promise = new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => ("error" in outcome ? reject(outcome.error) : resolve(outcome.value));
      this.post({ kind, does: () => `calls ${call.told()}`, inTransaction, perform, settle });
    });
    // A handler that does not wait for a call does not see its failure either.
    promise.catch(ignore);
    return promise;
  }

  #asynchronous({ told }: WatchedCall, result: unknown): unknown {
    if (result === undefined || isFunction((result as { readonly then?: unknown } | null)?.then)) return result;
    const remedy = "give survives an object whose methods return promises, since only such calls can be interrupted";
    this.#around.misuse ??= new UsageError("CONFIG_INVALID", `survives: ${told()} returned no promise: ${remedy}`);
    throw this.#around.misuse;
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
