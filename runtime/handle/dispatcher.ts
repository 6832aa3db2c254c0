import { type Answer, type Delivery, DONE, type Outcome } from "../broker/delivery.js";
import { type FlatFields, typeOf } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import { DecodeError, HandlerTimeoutError, MessagingError } from "../errors.js";
import { withCorrelation } from "../messaging/correlation.js";
import type { MessageContext } from "../messaging/handler.js";
import type { HookBus } from "../messaging/hooks.js";
import { Deadlines, type Run } from "../time/deadline.js";
import { type ContextPlace, DeliveryContext } from "./delivery-context.js";
import { afterFailure, isUnreadable, type RetryPolicy } from "./retry-policy.js";
import { admits, type Route, type StreamRoutes, suits, wants } from "./router.js";

/** Where and for whom messages are dispatched. */
export interface DispatchPlace extends ContextPlace {
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
}

/** Runs the handlers of commands, and says what whoever waits is answered. */
export interface Responding {
  readonly respond: (route: Route, command: Message, context: MessageContext) => Promise<Answer | undefined>;
  /** The answer to a command that cannot run, if it is for this service and somebody waits. */
  readonly refusal: (
    stream: string,
    entry: FlatFields,
    why: Pick<MessagingError, "message" | "code">,
  ) => Answer | undefined;
  /** Stores and sends the answer of a handler that had used up its time: the command's retry finds it, and runs nothing. */
  readonly answerLate: (answer: Answer) => void;
}

type Message = Record<string, unknown>;

/** Called once for a delivery, with how it ended. */
export type Ended = (delivery: Delivery, outcome: Outcome) => void;

/**
 * Takes a delivery to its handlers and says how it ended. It never throws: whatever a message or a handler does, the
 * consumer goes on.
 */
export class Dispatcher {
  readonly #place: DispatchPlace;
  readonly #routes: StreamRoutes;
  readonly #hooks: HookBus;
  readonly #responding: Responding;
  readonly #deadlines: Deadlines;
  /** Only among commands is it worth finding out whether somebody waits for the answer to an unknown one. */
  readonly #takesCommands: boolean;

  constructor(place: DispatchPlace, routes: StreamRoutes, hooks: HookBus, responding: Responding) {
    this.#place = place;
    this.#deadlines = new Deadlines(place.handlerTimeoutMs);
    this.#routes = routes;
    this.#takesCommands = [...routes.byType.values()].some(([route]) => route?.descriptor.kind === "command");
    this.#hooks = hooks;
    this.#responding = responding;
  }

  /** Watches over no handler any more. */
  stop(): void {
    this.#deadlines.stop();
  }

  /**
   * Returns the outcome where it is known at once; else nothing, and calls back with it. What nobody here handles costs
   * no more than finding its type.
   */
  dispatch(delivery: Delivery, ended: Ended): Outcome | undefined {
    const { fields } = delivery;
    // Deleted from its stream while it was pending: there is nothing left to handle.
    if (fields === null) return DONE;
    const type = typeOf(fields);
    const routes = type === undefined ? this.#routes.untyped : this.#routes.byType.get(type);
    if (routes === undefined) return this.#unrouted(delivery, type, fields);
    const admitted = those(routes, admits, fields);
    if (admitted.length === 0) return this.#skip(delivery, type ?? "", "filtered");
    try {
      const first = admitted[0] as Route;
      const contract = contractOf(first.descriptor);
      const message = contract.decode(fields);
      // What is meant for somebody else is none of ours to judge.
      const suited = those(admitted, suits, message);
      if (suited.length === 0) return this.#skip(delivery, first.descriptor.type, "filtered");
      contract.assertReadable(message);
      const wanting = those(suited, wants, message);
      if (wanting.length === 0) return this.#skip(delivery, first.descriptor.type, "filtered");
      return this.#handle(delivery, wanting, message, ended);
    } catch (error) {
      const outcome = this.#refuse(routes[0] as Route, delivery, error);
      if (routes[0]?.descriptor.kind !== "command" || !(error instanceof MessagingError)) return outcome;
      return this.#answered(outcome, fields, error);
    }
  }

  /** A newer producer is no error; but a command for this service that it does not know is answered so. */
  #unrouted(delivery: Delivery, type: string | undefined, fields: FlatFields): Outcome {
    if (type === undefined) {
      const names = "event_type, command_type, notification_type, message_type";
      return { kind: "dead", error: new DecodeError(`no field names a message type (${names})`) };
    }
    const outcome = this.#skip(delivery, type, "unhandled");
    if (!this.#takesCommands) return outcome;
    return this.#answered(outcome, fields, { code: "COMMAND_UNKNOWN", message: `no handler for ${type} here` });
  }

  #answered(outcome: Outcome, fields: FlatFields, why: Pick<MessagingError, "message" | "code">): Outcome {
    const answer = this.#responding.refusal(this.#place.stream, fields, why);
    return answer === undefined || outcome.kind === "retry" ? outcome : { ...outcome, answer };
  }

  /** Ends with the handlers, or when their time is up, whichever comes first. */
  #handle(delivery: Delivery, routes: readonly Route[], message: Message, ended: Ended): Outcome | undefined {
    const { type, kind } = (routes[0] as Route).descriptor;
    const context = new DeliveryContext(this.#place, delivery, type, kind, message);
    let running: unknown;
    try {
      running = withCorrelation(context, () => this.#run(routes, 0, message, context));
    } catch (error) {
      return this.#fail(routes[context.at] as Route, delivery, error);
    }
    if (!(running instanceof Promise)) return this.#succeed(delivery, type);
    const run: Run = {
      since: 0,
      previous: undefined,
      next: undefined,
      expire: (): void => {
        const error = new HandlerTimeoutError(type, this.#place.handlerTimeoutMs);
        context.expire(error);
        ended(delivery, this.#fail(routes[0] as Route, delivery, error));
      },
    };
    this.#deadlines.begin(run);
    running.then(
      (result) => {
        const answer = kind === "command" ? (result as Answer | undefined) : undefined;
        if (!this.#deadlines.end(run)) {
          if (answer !== undefined) this.#responding.answerLate(answer);
          return;
        }
        const outcome = this.#succeed(delivery, type);
        ended(delivery, answer === undefined ? outcome : { kind: "done", answer });
      },
      (error: unknown) => {
        if (this.#deadlines.end(run)) ended(delivery, this.#fail(routes[context.at] as Route, delivery, error));
      },
    );
    return undefined;
  }

  /** Runs the handlers from one of them on, one after another; returns a promise only where one does. */
  #run(routes: readonly Route[], from: number, message: Message, context: DeliveryContext): unknown {
    for (let at = from; at < routes.length; at++) {
      context.at = at;
      const route = routes[at] as Route;
      const result =
        route.descriptor.kind === "command"
          ? this.#responding.respond(route, message, context)
          : (route.handler as (message: Message, context: MessageContext) => unknown)(message, context);
      if (!isThenable(result)) continue;
      const last = at === routes.length - 1;
      return last
        ? Promise.resolve(result)
        : Promise.resolve(result).then(() => this.#run(routes, at + 1, message, context));
    }
    return undefined;
  }

  #succeed(delivery: Delivery, type: string): Outcome {
    if (this.#hooks.wants("handled")) {
      const { stream, group } = this.#place;
      this.#hooks.emit("handled", { stream, group, entryId: delivery.id, type, attempt: delivery.attempt });
    } else {
      this.#hooks.count("handled");
    }
    return DONE;
  }

  /** No handler ran: the entry could not be read, or a filter threw. */
  #refuse(route: Route, delivery: Delivery, error: unknown): Outcome {
    return isUnreadable(error) ? { kind: "dead", error } : this.#fail(route, delivery, error);
  }

  #fail(route: Route, delivery: Delivery, error: unknown): Outcome {
    const { stream, group, retry } = this.#place;
    const { attempt } = delivery;
    const { maxRetries = retry.maxRetries, retryDelaySeconds } = route.options;
    const delayMs = retryDelaySeconds === undefined ? retry.delayMs : retryDelaySeconds * 1000;
    const type = route.descriptor.type;
    this.#hooks.emit("handlerFailed", { stream, group, entryId: delivery.id, type, attempt, error });
    return afterFailure(error, attempt, { maxRetries, delayMs });
  }

  #skip(delivery: Delivery, type: string, reason: "unhandled" | "filtered"): Outcome {
    if (this.#hooks.wants("skipped")) {
      const { stream, group } = this.#place;
      this.#hooks.emit("skipped", { stream, group, entryId: delivery.id, type, reason });
    } else {
      this.#hooks.count("skipped");
    }
    return DONE;
  }
}

type Filter<Subject> = (route: Route, subject: Subject) => boolean;

/** Those that are not filtered, or whose filter lets it through; the list itself, as it is mostly, when all are. */
function those<Subject>(
  routes: readonly Route[],
  passes: Filter<Subject>,
  subject: NoInfer<Subject>,
): readonly Route[] {
  for (const route of routes) {
    if (!route.isFiltered || passes(route, subject)) continue;
    return routes.filter((each) => !each.isFiltered || passes(each, subject));
  }
  return routes;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
