/** A process may hold two copies of this package: the service's and that of a command. */
const ERASED = Symbol.for("@m-erp/messaging/erased");

/** Says that there is one, also if another copy made it. */
const ANY_ERASED = Symbol.for("@m-erp/messaging/any-erased");
const thisProcess = globalThis as { [ANY_ERASED]?: true };

/** Whether this process has ever made one. Most never do, and need not look for them. */
export function mayBeErased(): boolean {
  return thisProcess[ANY_ERASED] === true;
}

/**
 * Stands in a message for a value that can be read no more, because the key of the person whom it is about was
 * destroyed. In TypeScript the type of such a value is `Erasable<…>`.
 * @example
 * onUserCreated(messaging, ({ after_data }) => {
 *   console.log(isErased(after_data.email) ? "forgotten" : after_data.email);
 * });
 */
export class Erased {
  /** When the person was forgotten: RFC 3339, UTC. */
  readonly at: string;

  constructor(at: string) {
    thisProcess[ANY_ERASED] = true;
    this.at = at;
    Object.defineProperty(this, ERASED, { value: true });
  }

  /** As text it says what it is, so that no list of values shows `[object Object]`. */
  toString(): string {
    return "erased";
  }

  toJSON(): object {
    return { erased: true, at: this.at };
  }
}

/** A value that is there as long as the person whom it is about is not forgotten. */
export type Erasable<Value> = Value | Erased;

/**
 * A message as a publisher writes it: nothing in it is erased.
 * @example
 * const user: Unerased<User> = { email: "ada@example.com" };
 */
export type Unerased<Value> = Value extends Erased
  ? never
  : Value extends readonly unknown[] | object
    ? { [Name in keyof Value]: Unerased<Value[Name]> }
    : Value;

/**
 * Whether a value was erased. Narrows an `Erasable<…>`.
 * @example
 * onUserCreated(messaging, ({ after_data: { email } }) => console.log(isErased(email) ? "forgotten" : email));
 */
export function isErased(value: unknown): value is Erased {
  return typeof value === "object" && value !== null && (value as { readonly [ERASED]?: true })[ERASED] === true;
}
