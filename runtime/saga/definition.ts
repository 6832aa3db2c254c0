// saga/ runs a long piece of business over several messages. It may import postgres/ and what that may import.
import type { CommandDescriptor, Descriptor, WithoutStandard } from "../contract/descriptor.js";
import type { JsonSchema } from "../contract/json-schema.js";
import { ConfigError } from "../errors.js";
import type { Step } from "./step.js";

/** Options of a saga. */
export interface SagaOptions<State> {
  /** Its name in the table and for operators. It never changes. */
  readonly name: string;
  /** The version of its state: one more with each change of the schema that old states do not keep. */
  readonly version: number;
  /** What a state must keep after each step. Mark as `sensitive` what operators must not see. */
  readonly state: JsonSchema;
  /** Makes a state of this version of an older one. Required once there is one. */
  readonly migrate?: (old: unknown, version: number) => State;
}

/** Does one step. It changes the state in place. */
export type StepOf<State, Given = void> = Given extends void
  ? (state: State, step: Step) => unknown
  : (state: State, given: Given, step: Step) => unknown;

/** Names the saga that a message is about: by a property of the message, or by a function. `undefined` for none. */
export type CorrelateBy<Message> = (keyof Message & string) | ((message: Message) => string | number | undefined);

/** Options of a step that takes a message. */
export interface OnOptions {
  /**
   * What becomes of a message whose saga does not exist: it is ignored, or retried because its saga may begin later, and a dead
   * letter in the end. @defaultValue "ignore"
   */
  readonly missing?: "ignore" | "retry";
}

/** Why a command has failed for good. */
export interface Refusal {
  /** The code of the handler's error, if it has one. */
  readonly code: string | undefined;
  readonly message: string;
}

/** Takes the steps of a saga. */
export interface Steps<State> {
  /** The first step, with the state with which the saga begins. */
  begins(step: StepOf<State>): void;
  /** Messages that begin a saga. One whose saga exists begins none, and a function that returns `undefined` begins none. */
  beginsOn<Message>(
    descriptor: WithoutStandard<Descriptor<Message>>,
    begin: (message: Message) => { readonly id: string | number; readonly state: State } | undefined,
  ): void;
  /** A message that a running saga takes. */
  on<Message>(
    descriptor: WithoutStandard<Descriptor<Message>>,
    by: CorrelateBy<Message>,
    step: StepOf<State, Message>,
    options?: OnOptions,
  ): void;
  /** The answer to a command that a step has asked. */
  answered<Result>(
    descriptor: WithoutStandard<CommandDescriptor<unknown, never, Result>>,
    step: StepOf<State, Result>,
  ): void;
  /** A command that has failed for good. Without this step the saga fails, and what it did is undone. */
  refused(descriptor: WithoutStandard<CommandDescriptor<unknown, never>>, step: StepOf<State, Refusal>): void;
  /** A time that a step has set by `step.after(name, …)`. */
  timeout(name: string, step: StepOf<State>): void;
}

type AnyStep = (state: unknown, ...given: never[]) => unknown;

export interface MessageStep {
  readonly descriptor: Descriptor;
  readonly idOf: (message: unknown) => string | undefined;
  readonly missing: "ignore" | "retry";
  readonly step: AnyStep;
}

export interface Beginning {
  readonly descriptor: Descriptor;
  readonly begin: (message: unknown) => { readonly id: string | number; readonly state: unknown } | undefined;
}

/** A saga as it was defined. */
export interface Saga<State> extends SagaOptions<State> {
  readonly first: AnyStep | undefined;
  readonly beginnings: readonly Beginning[];
  readonly messages: readonly MessageStep[];
  readonly answers: ReadonlyMap<string, AnyStep>;
  readonly refusals: ReadonlyMap<string, AnyStep>;
  readonly timeouts: ReadonlyMap<string, AnyStep>;
  readonly commands: ReadonlyMap<string, CommandDescriptor>;
}

/**
 * Defines a long piece of business: what begins it, what it asks of other services, what it does with their answers, and how
 * it is undone when one of them refuses. Its steps read in the order of the business.
 * @throws {ConfigError} a name, a version or two steps that take the same
 * @example
 * const registration = defineSaga<{ email: string; user_id?: number }>(
 *   {
 *     name: "registration",
 *     version: 1,
 *     state: { type: "object", properties: { email: { type: "string" }, user_id: { type: "integer" } }, required: ["email"] },
 *   },
 *   (saga) => {
 *     saga.begins(({ email }, step) => step.ask(createUser, { email }));
 *     saga.answered(createUser, (state, { user_id }, step) => {
 *       state.user_id = user_id;
 *       step.undo(deleteUser, { user_id });
 *       step.done();
 *     });
 *   },
 * );
 */
export function defineSaga<State extends object>(
  options: SagaOptions<State>,
  define: (saga: Steps<State>) => void,
): Saga<State> {
  const { name, version } = options;
  if (!/^[a-z][a-z0-9_.-]{0,99}$/.test(name)) {
    throw new ConfigError([`the name of a saga is small letters, digits, _, . and -, got ${JSON.stringify(name)}`]);
  }
  if (!Number.isInteger(version) || version < 1) {
    throw new ConfigError([`the version of the saga ${name} must be a whole number from 1, got ${String(version)}`]);
  }
  const steps = new DefinedSteps(name);
  define(steps as unknown as Steps<State>);
  return { ...options, ...steps.found };
}

class DefinedSteps {
  readonly #name: string;
  readonly found = {
    first: undefined as AnyStep | undefined,
    beginnings: [] as Beginning[],
    messages: [] as MessageStep[],
    answers: new Map<string, AnyStep>(),
    refusals: new Map<string, AnyStep>(),
    timeouts: new Map<string, AnyStep>(),
    commands: new Map<string, CommandDescriptor>(),
  };

  constructor(name: string) {
    this.#name = name;
  }

  begins(step: AnyStep): void {
    this.found.first = step;
  }

  beginsOn(descriptor: Descriptor, begin: Beginning["begin"]): void {
    this.found.beginnings.push({ descriptor, begin });
  }

  on(descriptor: Descriptor, by: CorrelateBy<never>, step: AnyStep, { missing = "ignore" }: OnOptions = {}): void {
    const read = typeof by === "function" ? by : (message: Readonly<Record<string, unknown>>) => message[by];
    const idOf = (message: unknown): string | undefined => {
      const value: unknown = read(message as never);
      return value === undefined || value === null ? undefined : String(value);
    };
    this.found.messages.push({ descriptor, idOf, missing, step });
  }

  answered(descriptor: CommandDescriptor, step: AnyStep): void {
    this.#once(this.found.answers, descriptor.type, `the answer to ${descriptor.type}`, step);
    this.found.commands.set(descriptor.type, descriptor);
  }

  refused(descriptor: CommandDescriptor, step: AnyStep): void {
    this.#once(this.found.refusals, descriptor.type, `the refusal of ${descriptor.type}`, step);
  }

  timeout(name: string, step: AnyStep): void {
    this.#once(this.found.timeouts, name, `the timeout ${name}`, step);
  }

  #once(steps: Map<string, AnyStep>, key: string, what: string, step: AnyStep): void {
    if (steps.has(key)) throw new ConfigError([`the saga ${this.#name} has two steps that take ${what}: leave one`]);
    steps.set(key, step);
  }
}
