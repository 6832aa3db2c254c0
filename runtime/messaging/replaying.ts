import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { MessagingError } from "../errors.js";
import type { OutgoingCall } from "./interceptor.js";

/**
 * What becomes of what handlers publish, send or tell while messages are replayed: it fails (`refuse`), is left out as if it had
 * been stored (`suppress`), or is published (`publish`).
 */
export type ReplayPublishing = "refuse" | "suppress" | "publish";

/** A replay, as the handlers that it runs affect it. */
export class Replaying {
  readonly publishes: ReplayPublishing;
  suppressed = 0;
  /** The types of what the present handler would have published. */
  refused: string[] = [];

  constructor(publishes: ReplayPublishing) {
    this.publishes = publishes;
  }

  /** What a call comes to that would publish; `undefined` when it may. */
  insteadOf(call: OutgoingCall): Promise<unknown> | undefined {
    if (this.publishes === "publish") return undefined;
    const { operation, descriptor } = call;
    if (this.publishes === "refuse" || operation === "send") {
      this.refused.push(descriptor.type);
      const why = operation === "send" ? "the answer would be missing" : 'pass publishes: "suppress" or "publish"';
      const text = `cannot ${operation} ${descriptor.type} while messages are replayed: look at context.replay, or ${why}`;
      return Promise.reject(new MessagingError("PUBLISH_FAILED", text));
    }
    this.suppressed += operation === "publishAll" ? call.messages.length : 1;
    const published = (id?: string): object => ({ id: id ?? randomUUID(), entryId: "0-0", stream: descriptor.stream });
    if (operation === "publishAll") return Promise.resolve(call.messages.map(() => published()));
    return Promise.resolve(published(call.options.id));
  }
}

/** One for all copies of this package in the process: a service's handlers must not publish because the command has another. */
const STORAGE = Symbol.for("@m-erp/messaging/replaying");
const shared = globalThis as { [STORAGE]?: AsyncLocalStorage<Replaying> };

/** Runs a handler as part of a replay, across every await. */
export function whileReplaying<Result>(replaying: Replaying, work: () => Result): Result {
  shared[STORAGE] ??= new AsyncLocalStorage<Replaying>();
  return shared[STORAGE].run(replaying, work);
}

/** The replay in which this is called. */
export function currentReplay(): Replaying | undefined {
  return shared[STORAGE]?.getStore();
}
