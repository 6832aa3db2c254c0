import { ConfigError, ContractError, describeIssues, UpcastError } from "../errors.js";
import type { PlainMessage } from "./codec.js";
import { contractOf } from "./contract.js";
import type { Descriptor, MessageKind } from "./descriptor.js";
import { getOwn, setOwn } from "./field.js";
import { keptFields, type Upcaster } from "./upcaster.js";

/** How messages of an old type become ones of the newest. */
export interface Upcast {
  readonly from: Descriptor;
  /** The last type of the chain. */
  readonly to: Descriptor;
  /** Upcasts a message that was read by its own contract. @throws {UpcastError} */
  apply(message: PlainMessage): PlainMessage;
}

/** The upcasters of a service, each old type with its whole chain. */
export class Upcasting {
  readonly #byPlace = new Map<string, Upcast>();

  /** @throws {ConfigError} when an upcaster is none, or two of them contradict each other */
  constructor(upcasters: readonly Upcaster[]) {
    if (!Array.isArray(upcasters)) throw new ConfigError(["upcasters must be a list of what upcaster(…) returns"]);
    const problems = upcasters.map(faultOf).filter((fault) => fault !== undefined);
    if (problems.length > 0) throw new ConfigError(problems);
    const steps = new Map<string, Upcaster>();
    for (const step of upcasters) {
      const other = steps.get(placeOf(step.from));
      if (other === undefined) steps.set(placeOf(step.from), step);
      else problems.push(`${step.from.type} has two upcasters, to ${other.to.type} and to ${step.to.type}: keep one`);
    }
    for (const step of steps.values()) {
      const chain = chainOf(step, steps);
      const types = [step.from, ...chain.map(({ to }) => to)];
      if (new Set(types.map(placeOf)).size === types.length) this.#byPlace.set(placeOf(step.from), upcastBy(chain));
      else problems.push(`the upcasters lead in a circle: ${types.map(({ type }) => type).join(" → ")}`);
    }
    if (problems.length > 0) throw new ConfigError(problems);
  }

  get all(): Iterable<Upcast> {
    return this.#byPlace.values();
  }

  /** How messages of a type are upcast, if they are. */
  of(descriptor: Pick<Descriptor, "stream" | "type">): Upcast | undefined {
    return this.#byPlace.get(placeOf(descriptor));
  }
}

/** A type is unique within its stream. */
function placeOf({ stream, type }: Pick<Descriptor, "stream" | "type">): string {
  return `${stream}\n${type}`;
}

/** The steps from an old type to the newest. A circle ends with the step that closes it. */
function chainOf(first: Upcaster, steps: ReadonlyMap<string, Upcaster>): readonly Upcaster[] {
  const chain: Upcaster[] = [];
  for (let step: Upcaster | undefined = first; step !== undefined; step = steps.get(placeOf(step.to))) {
    if (chain.includes(step)) break;
    chain.push(step);
  }
  return chain;
}

function upcastBy(chain: readonly Upcaster[]): Upcast {
  const [first, last] = [chain[0] as Upcaster, chain.at(-1) as Upcaster];
  return { from: first.from, to: last.to, apply: (message) => chain.reduce(upcastOnce, message) };
}

/** Makes the new message by one upcaster, and checks it as one that was read. @throws {UpcastError} */
export function upcastOnce(message: PlainMessage, step: Upcaster): PlainMessage {
  const made = composed(message, step);
  try {
    contractOf(step.to).assertReadable(made);
    return made;
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    throw new UpcastError(
      step.from.type,
      step.to.type,
      `gave what its readers refuse: ${describeIssues(error.issues, "it")}`,
      error,
    );
  }
}

/**
 * The new message as its upcaster gave it, with what is kept of the old one. It is not checked yet.
 * @throws {UpcastError} when the upcaster throws or gives no object
 */
export function composed(message: PlainMessage, { from, to, upcast }: Upcaster): PlainMessage {
  // Before the upcaster runs: it may change the message that it is given.
  const kept = keptFields[from.kind as keyof typeof keptFields].map((name) => [name, getOwn(message, name)] as const);
  let given: unknown;
  try {
    given = (upcast as (old: PlainMessage) => unknown)(message);
  } catch (error) {
    throw new UpcastError(from.type, to.type, `threw: ${textOf(error)}`, error);
  }
  if (typeof given !== "object" || given === null || Array.isArray(given) || given instanceof Promise) {
    const what = given instanceof Promise ? "a promise" : given === null ? "null" : `a value of type ${typeof given}`;
    throw new UpcastError(from.type, to.type, `must give an object, and gave ${what}`);
  }
  const made: PlainMessage = { ...given };
  for (const [name, value] of kept) {
    if (value === undefined) delete made[name];
    else made[name] = value;
  }
  // The old type's constants may have come with the rest of its message.
  for (const { name, constant } of contractOf(to).fields.list) if (constant !== undefined) setOwn(made, name, constant);
  return made;
}

/** A value is thrown by the user's code: reading it may throw, too. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return "a value that cannot be shown";
  }
}

const NOT_UPCAST: { readonly [Kind in MessageKind]?: string } = {
  command: "its sender waits for the result of that very type; handle both types, and let one handler call the other",
  health: "it names no type on the wire, so that an old report cannot be told from a new one",
};

/** Callers without types may give anything. */
function faultOf(given: Upcaster, at: number): string | undefined {
  const { from, to, upcast } = (given ?? {}) as Partial<Upcaster>;
  if (typeof from?.type !== "string" || typeof to?.type !== "string" || typeof upcast !== "function") {
    return `upcasters[${at}] is none: make it with upcaster(oldDescriptor, newDescriptor, (old) => …)`;
  }
  for (const { type, kind } of [from, to] as readonly Descriptor[]) {
    const reason = NOT_UPCAST[kind];
    if (reason !== undefined) return `the ${kind} ${type} cannot be upcast: ${reason}`;
  }
  if (from.kind !== to.kind) return `the ${from.kind} ${from.type} cannot become the ${to.kind} ${to.type}`;
  if (placeOf(from) !== placeOf(to)) return undefined;
  return `${from.type} is upcast to itself: give the new shape a type of its own, such as ${from.type}.v2`;
}
