import { UsageError } from "../../errors.js";
import { shown, shownCall } from "./shown.js";

/** A call of a watched object. */
export interface WatchedCall {
  /** The path and the name: `state.users.insert`. */
  readonly path: string;
  readonly name: string;
  readonly args: readonly unknown[];
  /** The call as it is written in code. To show values takes time, so it is done for a story alone. */
  told(): string;
  /** Calls the object itself. */
  call(args: readonly unknown[]): unknown;
}

/**
 * The same object, but each call of its methods, at any depth, goes through a function. What is no function, and what
 * has a symbol as its name, is read from the object itself.
 */
export function watch<Watched>(watched: Watched, path: string, through: (call: WatchedCall) => unknown): Watched {
  return wrap(watched, undefined, { path, name: path }, through) as Watched;
}

interface Place {
  readonly path: string;
  readonly name: string;
}

function wrap(target: unknown, owner: unknown, place: Place, through: (call: WatchedCall) => unknown): unknown {
  if (target === null || (typeof target !== "object" && typeof target !== "function")) return target;
  const members = new Map<PropertyKey, unknown>();
  const { path } = place;
  // An empty object stands in for the target, since a frozen one would have to show its own methods.
  return new Proxy(typeof target === "function" ? () => undefined : {}, {
    get(_, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof name === "symbol" || name === "then" || value === null) return value;
      if (typeof value !== "object" && typeof value !== "function") return value;
      if (members.has(name)) return members.get(name);
      const member = wrap(value, target, { path: `${path}.${name}`, name }, through);
      members.set(name, member);
      return member;
    },
    has: (_, name) => Reflect.has(target, name),
    getPrototypeOf: () => Reflect.getPrototypeOf(target),
    set(_, name, value) {
      throw new UsageError(
        "CONFIG_INVALID",
        `survives: the handler sets ${path}.${String(name)} = ${shown(value)}: only calls can be interrupted; change state in methods`,
      );
    },
    apply(_, __, args: readonly unknown[]) {
      const call = (given: readonly unknown[]): unknown => Reflect.apply(target as () => unknown, owner, given);
      return through({ ...place, args, call, told: () => shownCall(path, args) });
    },
  });
}
