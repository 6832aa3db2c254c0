/** What a process does next, once it is allowed to. Each is a point at which it can die, fail, or be overtaken. */
export type StepKind = "start" | "state" | "effect" | "begin" | "commit" | "acknowledge";

/** One step that waits for its turn. */
export interface Step {
  readonly kind: StepKind;
  /** The delivery for which it is taken; left out where its process has no other. */
  readonly delivery?: object;
  /** What the process does, as the story tells it: `calls state.insert({ id: 7 })`. */
  does(): string;
  /** True for a step of an open transaction, which dies with it. */
  readonly inTransaction: boolean;
  /** Has the step take effect. The handler sees its result afterwards, by {@link settle}. */
  perform(): Promise<Outcome>;
  /** Tells the handler the result: that of {@link perform}, or a failure that is injected. */
  settle(outcome: Outcome): void;
  /** Undoes what waits for the step, where an injected failure comes before it. */
  refuse?(error: Error): Promise<void>;
}

/** What became of a step. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** The outcome of a promise. It never rejects. */
export function outcomeOf(work: () => unknown): Promise<Outcome> {
  return Promise.resolve()
    .then(work)
    .then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
}

/** The failure of a call that the schedule demands. */
export class InjectedFailure extends Error {
  override readonly name = "InjectedFailure";
  constructor() {
    super("a failure that survives has injected");
  }
}
