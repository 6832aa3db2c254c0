import { AsyncLocalStorage } from "node:async_hooks";
import type { HandleCall, InterceptedCall, Interceptor } from "../../messaging/interceptor.js";

/** A handler that runs. */
export interface Run {
  readonly service: string;
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

/** What is under way in all services of a test. */
export class Activity {
  readonly #running = new Set<Run>();
  readonly #contexts = new AsyncLocalStorage<Run>();
  /** By the entries that handlers added. */
  readonly #causes = new Map<string, Run>();
  #outgoing = 0;
  /** How often anything began or ended. */
  events = 0;
  /** How many handlers began since this was last set. */
  begun = 0;
  newest: Run | undefined;

  /** The handlers that run and wait for nothing that takes virtual time. */
  get busy(): readonly Run[] {
    return [...this.#running].filter(({ waitsFor }) => waitsFor.size === 0);
  }

  /** The handler in which this is called. */
  get current(): Run | undefined {
    return this.#contexts.getStore();
  }

  /** Whether a publish has not ended. */
  get isPublishing(): boolean {
    return this.#outgoing > 0;
  }

  /** An entry was added, by the handler that runs here, if one does. */
  added(stream: string, entryId: string): void {
    const cause = this.current;
    if (cause === undefined) return;
    cause.isIdle = false;
    this.#causes.set(`${stream} ${entryId}`, cause);
  }

  /** Watches the calls of one service. */
  watching(service: string): Interceptor {
    return (call, next) => (call.operation === "handle" ? this.#handle(service, call, next) : this.#send(call, next));
  }

  /** Runs a listener as a handler. */
  listen(service: string, type: string, work: () => unknown): Promise<void> {
    return this.#run({ service, type, entryId: "", attempt: 1, cause: this.current }, async () => void (await work()));
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

  /** The handlers of a process that crashed run no more. */
  forget(service: string): void {
    for (const run of this.#running) if (run.service === service) this.#running.delete(run);
  }

  #handle(service: string, { descriptor, context }: HandleCall, next: () => Promise<unknown>): Promise<unknown> {
    const { stream, entryId, attempt, signal } = context;
    const cause = this.#causes.get(`${stream} ${entryId}`);
    return this.#run({ service, type: descriptor.type, entryId, attempt, cause }, next, signal);
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
      return await this.#contexts.run(run, work);
    } finally {
      ended();
    }
  }

  async #send(call: InterceptedCall, next: () => Promise<unknown>): Promise<unknown> {
    if (call.operation === "send") return this.waiting(`the answer to ${call.descriptor.type}`, next);
    this.#outgoing++;
    try {
      return await next();
    } finally {
      this.#outgoing--;
      this.events++;
    }
  }
}
