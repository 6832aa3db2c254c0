import { type FlatFields, typeOf } from "./codec.js";
import { contractOf } from "./contract.js";
import { correlationOf, withCorrelation } from "./correlation.js";
import { Deadlines } from "./deadline.js";
import { type Delivery, DONE, type Outcome } from "./delivery.js";
import { type ContextPlace, DeliveryContext } from "./delivery-context.js";
import { DecodeError, HandlerTimeoutError, MessagingError } from "./errors.js";
import type { MessageContext } from "./handler.js";
import type { HookBus } from "./hooks.js";
import { afterFailure, isUnreadable, type RetryPolicy } from "./retry.js";
import { admits, type Route, type StreamRoutes, wants } from "./router.js";

/** Where and for whom messages are dispatched. */
export interface DispatchPlace extends ContextPlace {
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
}

/** Runs the handlers of commands and answers whoever asked. */
export interface Responding {
  readonly respond: (route: Route, command: Message, context: MessageContext) => Promise<void>;
  /** Answers a command that cannot run, if it is for this service and somebody waits. */
  readonly refuse: (stream: string, entry: FlatFields, error: MessagingError) => Promise<void>;
}

type Message = Record<string, unknown>;

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

  /** Returns at once, without a promise, for what nobody here handles: that costs no more than finding its type. */
  dispatch(delivery: Delivery): Outcome | Promise<Outcome> {
    const { fields } = delivery;
    // Deleted from its stream while it was pending: there is nothing left to handle.
    if (fields === null) return DONE;
    const type = typeOf(fields);
    const routes = type === undefined ? this.#routes.untyped : this.#routes.byType.get(type);
    if (routes === undefined) {
      if (type !== undefined) return this.#unhandled(delivery, type, fields);
      const error = new DecodeError(
        "no field names a message type (event_type, command_type, notification_type, message_type)",
      );
      return { kind: "dead", error };
    }
    const admitted = routes.filter((route) => admits(route, fields));
    if (admitted.length === 0) return this.#skip(delivery, type ?? "", "filtered");
    try {
      const first = admitted[0] as Route;
      const message = contractOf(first.descriptor).read(fields);
      const wanting = admitted.filter((route) => wants(route, message));
      if (wanting.length === 0) return this.#skip(delivery, first.descriptor.type, "filtered");
      return this.#handle(delivery, wanting, message);
    } catch (error) {
      const outcome = this.#refuse(routes[0] as Route, delivery, error);
      if (routes[0]?.descriptor.kind !== "command" || !(error instanceof MessagingError)) return outcome;
      return this.#responding.refuse(this.#place.stream, fields, error).then(
        () => outcome,
        () => outcome,
      );
    }
  }

  /** A newer producer is no error; but a command for this service that it does not know is answered so. */
  #unhandled(delivery: Delivery, type: string, fields: FlatFields): Outcome | Promise<Outcome> {
    const outcome = this.#skip(delivery, type, "unhandled");
    if (!this.#takesCommands) return outcome;
    const error = new MessagingError("COMMAND_UNKNOWN", `no handler for ${type} here`);
    return this.#responding.refuse(this.#place.stream, fields, error).then(
      () => outcome,
      () => outcome,
    );
  }

  /** Ends with the handlers, or when their time is up, whichever comes first. */
  #handle(delivery: Delivery, routes: readonly Route[], message: Message): Promise<Outcome> {
    const { type, kind } = (routes[0] as Route).descriptor;
    const context = new DeliveryContext(this.#place, delivery.id, delivery.attempt, type, kind, message);
    return new Promise((resolve) => {
      const expire = (): void => {
        const error = new HandlerTimeoutError(type, this.#place.handlerTimeoutMs);
        context.expire(error);
        resolve(this.#fail(routes[0] as Route, delivery, error));
      };
      const run = { since: performance.now(), expire };
      this.#deadlines.begin(run);
      void this.#run(delivery, routes, message, context).then((outcome) => {
        this.#deadlines.end(run);
        resolve(outcome);
      });
    });
  }

  async #run(
    delivery: Delivery,
    routes: readonly Route[],
    message: Message,
    context: DeliveryContext,
  ): Promise<Outcome> {
    const correlation = correlationOf(context.kind, message);
    let current = routes[0] as Route;
    try {
      for (const route of routes) {
        current = route;
        await withCorrelation(correlation, () =>
          route.descriptor.kind === "command"
            ? this.#responding.respond(route, message, context)
            : (route.handler as (message: Message, context: MessageContext) => unknown)(message, context),
        );
      }
    } catch (error) {
      return this.#fail(current, delivery, error);
    }
    const { stream, group } = this.#place;
    this.#hooks.emit("handled", { stream, group, entryId: delivery.id, type: context.type, attempt: delivery.attempt });
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
