import type { CommandDescriptor, WithoutStandard } from "../contract/descriptor.js";
import type { Queryable } from "../postgres/database.js";
import type { Outbox } from "../postgres/outbox.js";

/** Options of a command that a saga asks. */
export interface AskOptions {
  /** The service that handles the command. @defaultValue the schema's default target; required where it has none */
  readonly targetService?: string;
  /** How long one attempt waits for the answer, in whole seconds. @defaultValue the schema's, 30 */
  readonly timeoutSeconds?: number;
  /**
   * How often a command that was answered with a failure is sent again, before it has failed for good. One whose handler threw
   * `UnrecoverableError` is not. A command that nobody answers is sent until somebody does. @defaultValue the messaging's `maxRetries`
   */
  readonly maxRetries?: number;
}

/** What a step of a saga can do. All of it is committed with the state, or none of it. */
export interface Step {
  /** The saga's id. */
  readonly id: string;
  /** The transaction, for rows of the service's own. */
  readonly database: Queryable;
  /** Takes the place of a messaging in `publish…` and `notify…`, and tells commands by its method `tell`. Await each call. */
  readonly outbox: Outbox;
  /**
   * Asks another service. The command is sent after the commit, and its answer is taken by the step `answered`.
   * @throws {ContractError} the payload breaks its contract
   */
  ask<Payload>(
    descriptor: WithoutStandard<CommandDescriptor<unknown, Payload>>,
    payload: NoInfer<Payload>,
    options?: AskOptions,
  ): void;
  /**
   * Says how to undo what this step has learnt was done. If the saga fails, these commands are sent, the last one first, each when
   * the one before has been answered.
   * @throws {ContractError} the payload breaks its contract
   */
  undo<Payload>(
    descriptor: WithoutStandard<CommandDescriptor<unknown, Payload>>,
    payload: NoInfer<Payload>,
    options?: AskOptions,
  ): void;
  /** Has the step `timeout(name)` run after so long. A second call with this name replaces the first. */
  after(name: string, time: { readonly seconds: number }): void;
  /** Takes back `after`. */
  cancel(name: string): void;
  /** Ends the saga. Later messages and answers are ignored. */
  done(): void;
  /** Fails the saga: what it did is undone. The reason is shown to operators. */
  fail(reason: string): void;
}

/** A command as it is stored. */
export interface Request {
  readonly command: string;
  readonly payload: unknown;
  readonly options: AskOptions;
}

/** Throws, or rejects with, what is wrong with a command. */
export type CommandCheck = (descriptor: CommandDescriptor, payload: unknown, options: AskOptions) => unknown;

/** What a step has said, in the order in which it did. */
export class StepTaken implements Step {
  readonly id: string;
  readonly database: Queryable;
  readonly outbox: Outbox;
  readonly asked: Request[] = [];
  readonly undoing: Request[] = [];
  readonly timers: Map<string, number | undefined> = new Map();
  /** What resolves when a command has been found right. */
  readonly checks: Promise<unknown>[] = [];
  readonly #check: CommandCheck;
  isDone = false;
  failure: string | undefined;

  constructor(place: Pick<Step, "id" | "database" | "outbox">, check: CommandCheck) {
    this.id = place.id;
    this.database = place.database;
    this.outbox = place.outbox;
    this.#check = check;
  }

  ask(descriptor: WithoutStandard<CommandDescriptor>, payload: unknown, options: AskOptions = {}): void {
    this.asked.push(this.#request(descriptor as CommandDescriptor, payload, options));
  }

  undo(descriptor: WithoutStandard<CommandDescriptor>, payload: unknown, options: AskOptions = {}): void {
    this.undoing.push(this.#request(descriptor as CommandDescriptor, payload, options));
  }

  after(name: string, { seconds }: { readonly seconds: number }): void {
    this.timers.set(name, seconds);
  }

  cancel(name: string): void {
    this.timers.set(name, undefined);
  }

  done(): void {
    this.isDone = true;
  }

  fail(reason: string): void {
    this.failure = reason;
  }

  #request(descriptor: CommandDescriptor, payload: unknown, options: AskOptions): Request {
    const checked = this.#check(descriptor, payload, options);
    if (checked instanceof Promise) {
      // A step that throws before is not waited for.
      checked.catch(() => undefined);
      this.checks.push(checked);
    }
    return { command: descriptor.type, payload, options };
  }
}
