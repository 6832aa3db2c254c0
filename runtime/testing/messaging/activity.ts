import { AsyncLocalStorage } from "node:async_hooks";
import { MessagingError } from "../../errors.js";
import type { HandleCall, InterceptedCall, Interceptor } from "../../messaging/interceptor.js";

/** The process in which something runs. */
export interface Place {
  readonly service: string;
  readonly hasCrashed: () => boolean;
  readonly activity: Activity;
}

/** A handler that runs. */
export interface Run {
  readonly place: Place;
  readonly type: string;
  /** The entry that it handles; empty for a notification whose listener runs. */
  readonly entryId: string;
  readonly attempt: number;
  /** The handler that published the message. */
  readonly cause: Run | undefined;
  /** What it waits for that takes virtual time. */
  readonly waitsFor: Map<object, string>;
  /** It has done nothing for so long that time passes without it. */
  isIdle: boolean;
}

/** One for all brokers: each that is in use costs every promise of the process a little, for good. */
const contexts = /* @__PURE__ */ new AsyncLocalStorage<Run>();

/** What is under way in all services of a test. */
export class Activity {
  readonly #running = new Set<Run>();
  /** By the entries that handlers added. */
  readonly #causes = new Map<string, Run>();
  /** The publishes that have not ended, each by the process that makes it. */
  readonly #outgoing = new Map<object, Place>();
  /** How often anything began or ended. */
  events = 0;
  /** How many handlers began since this was last set. */
  begun = 0;
  newest: Run | undefined;

  /** The handlers that run and wait for nothing that takes virtual time. */
  get busy(): readonly Run[] {
    return [...this.#running].filter(({ place, waitsFor }) => waitsFor.size === 0 && !place.hasCrashed());
  }

  /** The handler in which this is called. */
  get current(): Run | undefined {
    const run = contexts.getStore();
    return run?.place.activity === this ? run : undefined;
  }

  /** Whether a publish has not ended. */
  get isPublishing(): boolean {
    return [...this.#outgoing.values()].some((place) => !place.hasCrashed());
  }

  /** An entry was added, by the handler that runs here, if one does. */
  added(stream: string, entryId: string): void {
    const cause = this.current;
    if (cause === undefined) return;
    cause.isIdle = false;
    this.#causes.set(`${stream} ${entryId}`, cause);
  }

  /** Watches the calls of one process. */
  watching(place: Place): Interceptor {
    return (call, next) =>
      call.operation === "handle" ? this.#handle(place, call, next) : this.#send(place, call, next);
  }

  /** Runs a listener as a handler. */
  listen(place: Place, type: string, work: () => unknown): Promise<void> {
    return this.#run({ place, type, entryId: "", attempt: 1, cause: this.current }, async () => void (await work()));
  }

  /** Work in which the handler that runs here, if one does, waits for something that takes virtual time. */
  async waiting<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    const run = this.current;
    const key = {};
    run?.waitsFor.set(key, what);
    try {
      return await work();
    } finally {
      run?.waitsFor.delete(key);
      this.events++;
    }
  }

  #handle(place: Place, { descriptor, context }: HandleCall, next: () => Promise<unknown>): Promise<unknown> {
    const { stream, entryId, attempt, signal } = context;
    const cause = this.#causes.get(`${stream} ${entryId}`);
    return this.#run({ place, type: descriptor.type, entryId, attempt, cause }, next, signal);
  }

  async #run<Result>(
    about: Omit<Run, "waitsFor" | "isIdle">,
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const run: Run = { ...about, waitsFor: new Map(), isIdle: false };
    this.newest = run;
    this.begun++;
    this.events++;
    this.#running.add(run);
    const ended = (): void => {
      this.events++;
      this.#running.delete(run);
    };
    // Its time is up, or its service stops: whatever it does then counts for nothing.
    signal?.addEventListener("abort", ended, { once: true });
    try {
      return await contexts.run(run, work);
    } finally {
      ended();
    }
  }

  async #send(place: Place, call: InterceptedCall, next: () => Promise<unknown>): Promise<unknown> {
    // What a handler of a process that has crashed calls never ends.
    if (place.hasCrashed() && this.current === undefined) throw crashed(place, call);
    if (call.operation === "send") return this.waiting(`the answer to ${call.descriptor.type}`, next);
    const key = {};
    this.#outgoing.set(key, place);
    try {
      return await next();
    } finally {
      this.#outgoing.delete(key);
      this.events++;
    }
  }
}

function crashed({ service }: Place, { operation, descriptor }: InterceptedCall): MessagingError {
  const text = `cannot ${operation} ${descriptor.type}: this instance of ${service} has crashed; create another on its broker`;
  return new MessagingError("CLOSED", text);
}
