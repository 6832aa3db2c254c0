import { AsyncLocalStorage } from "node:async_hooks";
import { MessagingError } from "../../errors.js";
import type { HandleCall, InterceptedCall, Interceptor, SendCall } from "../../messaging/interceptor.js";
import type { Clock } from "../../time/clock.js";
import type { Outgoing, Place, Run, Wait } from "./run.js";
import { warnUnanswered } from "./unanswered.js";

/** One for all brokers: each that is in use costs every promise of the process a little, for good. */
const contexts = /* @__PURE__ */ new AsyncLocalStorage<Run>();

/** What is under way in all services of a test. */
export class Activity {
  readonly #running = new Set<Run>();
  /** By the entries that handlers added. */
  readonly #causes = new Map<string, Run>();
  readonly #outgoing = new Set<Outgoing>();
  /** How often anything began or ended. */
  events = 0;
  /** How many handlers began since this was last set. */
  begun = 0;
  newest: Run | undefined;

  /** The handlers that run. One whose time is up, or whose service stops, counts no longer, whatever it does. */
  get running(): readonly Run[] {
    return [...this.#running].filter(({ place, context }) => !place.hasCrashed() && context?.signal.aborted !== true);
  }

  /** What has not ended and waits for nothing that takes virtual time. */
  get busy(): readonly (Run | Outgoing)[] {
    const publishing = [...this.#outgoing].filter(({ place }) => !place.hasCrashed());
    return [...this.running.filter(({ waitsFor }) => waitsFor.size === 0), ...publishing];
  }

  /** The handlers of a process that have not ended, also those that count no longer. */
  hanging(place: Place): readonly Run[] {
    return [...this.#running].filter((run) => run.place === place);
  }

  /** The handler in which this is called. */
  get current(): Run | undefined {
    const run = contexts.getStore();
    return run?.place.activity === this ? run : undefined;
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
    const about = { place, type, entryId: "", attempt: 1, cause: this.current, context: undefined };
    return this.#run(about, async () => void (await work()));
  }

  /** The same handler or listener, which notes its name when it is called. */
  named<Args extends unknown[], Result>(handler: (...args: Args) => Result): (...args: Args) => Result {
    // A method of an object of handlers was bound to it.
    const name = handler.name.replace(/^bound /, "");
    return (...args) => {
      const run = this.current;
      if (run !== undefined) run.handler = name;
      return handler(...args);
    };
  }

  /** Work in which the handler that runs here, if one does, waits for something that takes virtual time. */
  async waiting<Result>(wait: Wait, work: () => Promise<Result>): Promise<Result> {
    const run = this.current;
    run?.waitsFor.add(wait);
    try {
      return await work();
    } finally {
      run?.waitsFor.delete(wait);
      this.events++;
    }
  }

  #handle(place: Place, { descriptor, context }: HandleCall, next: () => Promise<unknown>): Promise<unknown> {
    const { stream, entryId, attempt } = context;
    const cause = this.#causes.get(`${stream} ${entryId}`);
    return this.#run({ place, type: descriptor.type, entryId, attempt, cause, context }, next);
  }

  async #run<Result>(
    about: Omit<Run, "beganAt" | "waitsFor" | "handler" | "isIdle">,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { place, type, entryId, attempt, cause, context } = about;
    const begun = { beganAt: place.clock.now(), waitsFor: new Set<Wait>(), handler: undefined, isIdle: false };
    const run: Run = { place, type, entryId, attempt, cause, context, ...begun };
    this.newest = run;
    this.begun++;
    this.events++;
    this.#running.add(run);
    try {
      return await contexts.run(run, work);
    } finally {
      this.events++;
      this.#running.delete(run);
    }
  }

  async #send(place: Place, call: InterceptedCall, next: () => Promise<unknown>): Promise<unknown> {
    // What a handler of a process that has crashed calls never ends.
    if (place.hasCrashed() && this.current === undefined) throw crashed(place, call);
    const { operation, descriptor } = call;
    if (operation === "send") {
      const wait = answerTo(call, place.clock);
      const answer = this.waiting(wait, next);
      return this.current === undefined ? warnUnanswered(answer, place, wait) : answer;
    }
    const outgoing = { place, operation, type: descriptor.type, isIdle: false };
    this.#outgoing.add(outgoing);
    try {
      return await next();
    } finally {
      this.#outgoing.delete(outgoing);
      this.events++;
    }
  }
}

function answerTo({ descriptor, options }: SendCall, clock: Clock): Wait {
  const { timeout, target_service: service } = descriptor.schema.properties ?? {};
  const target = options.targetService ?? service?.default ?? service?.const;
  const seconds = Number(options.timeoutSeconds ?? timeout?.default);
  const until = seconds > 0 ? clock.now() + seconds * 1000 : undefined;
  return { what: `the answer to ${descriptor.type}${target === undefined ? "" : ` from ${target}`}`, until };
}

function crashed({ service }: Place, { operation, descriptor }: InterceptedCall): MessagingError {
  const text = `cannot ${operation} ${descriptor.type}: this instance of ${service} has crashed; create another on its broker`;
  return new MessagingError("CLOSED", text);
}
