import { type FlatFields, fieldOf, typeOf } from "./codec.js";
import { contractOf } from "./contract.js";
import { runCorrelated } from "./correlation.js";
import { type Delivery, DONE, type Outcome } from "./delivery.js";
import { DecodeError, MessagingError } from "./errors.js";
import type { MessageContext } from "./handler.js";
import type { HookBus } from "./hooks.js";
import { afterFailure, type RetryPolicy } from "./retry.js";
import { admits, type Route, type StreamRoutes, wants } from "./router.js";

/** Where and for whom messages are dispatched. */
export interface DispatchPlace {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly retry: RetryPolicy;
  /** Aborted when handlers should give up. */
  readonly signal: AbortSignal;
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

  constructor(place: DispatchPlace, routes: StreamRoutes, hooks: HookBus, responding: Responding) {
    this.#place = place;
    this.#routes = routes;
    this.#hooks = hooks;
    this.#responding = responding;
  }

  /** Returns at once, without a promise, for what nobody here handles: that costs no more than finding its type. */
  dispatch(delivery: Delivery): Outcome | Promise<Outcome> {
    const { fields, attempt } = delivery;
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
      const outcome = this.#fail(routes[0] as Route, delivery, error, attempt);
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
    if (fieldOf(fields, "command_type") === undefined) return outcome;
    const error = new MessagingError("COMMAND_UNKNOWN", `no handler for ${type} here`);
    return this.#responding.refuse(this.#place.stream, fields, error).then(
      () => outcome,
      () => outcome,
    );
  }

  async #handle(delivery: Delivery, routes: readonly Route[], message: Message): Promise<Outcome> {
    const context = this.#contextOf(delivery, routes[0] as Route, message);
    const correlation = { correlationId: context.correlationId, messageId: context.messageId };
    let current = routes[0] as Route;
    try {
      for (const route of routes) {
        current = route;
        await runCorrelated(correlation, () =>
          route.descriptor.kind === "command"
            ? this.#responding.respond(route, message, context)
            : (route.handler as (message: Message, context: MessageContext) => unknown)(message, context),
        );
      }
    } catch (error) {
      return this.#fail(current, delivery, error, delivery.attempt);
    }
    const { stream, group } = this.#place;
    this.#hooks.emit("handled", { stream, group, entryId: delivery.id, type: context.type, attempt: delivery.attempt });
    return DONE;
  }

  #contextOf(delivery: Delivery, route: Route, message: Message): MessageContext {
    const { stream, group, consumer, signal } = this.#place;
    return {
      messageId: message["id"] as string | undefined,
      type: route.descriptor.type,
      kind: route.descriptor.kind,
      stream,
      entryId: delivery.id,
      group,
      consumer,
      attempt: delivery.attempt,
      correlationId: message["correlation_id"] as string | undefined,
      signal,
    };
  }

  #fail(route: Route, delivery: Delivery, error: unknown, attempt: number): Outcome {
    const { stream, group, retry } = this.#place;
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
