// handle/ takes one delivery to its handlers. It may import broker/, config/, messaging/, time/ and contract/.
import { type Answer, type Delivery, DONE, type Outcome } from "../broker/delivery.js";
import { ageOf } from "../broker/entry-id.js";
import { type FlatFields, type PlainMessage as Message, typeOf } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { Sealing } from "../contract/sealing.js";
import { BuriedError, HandlerTimeoutError, MessagingError, PoisonError } from "../errors.js";
import { inContextOf } from "../messaging/correlation.js";
import type { MessageContext } from "../messaging/handler.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { InterceptorChain } from "../messaging/interceptor.js";
import { Deadlines } from "../time/deadline.js";
import { type ContextPlace, DeliveryContext } from "./delivery-context.js";
import { identityOf } from "./identity.js";
import { inTurn, promised } from "./in-turn.js";
import { Refusals } from "./refusals.js";
import type { Responding } from "./responding.js";
import { afterFailure, assertAttemptsLeft, isUnreadable, type RetryPolicy, whileAway } from "./retry-policy.js";
import { admits, mayAdmit, type Route, type StreamRoutes, suits, those, typesOf, wants } from "./router.js";

export interface DispatchPlace extends ContextPlace {
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
  readonly maxMessageBytes: number;
}

export interface DispatcherParts extends RuntimeParts {
  readonly responding: Responding;
  readonly chain: InterceptorChain | undefined;
  readonly sealing: Sealing | undefined;
}

/** Called once for a delivery, with its outcome. */
export type Ended = (delivery: Delivery, outcome: Outcome) => void;

/** Takes a delivery to its handlers and tells its outcome. It never throws, so no message stops the consumer. */
export class Dispatcher {
  readonly #place: DispatchPlace;
  readonly #routes: StreamRoutes;
  readonly #parts: DispatcherParts;
  readonly #deadlines: Deadlines;
  readonly #refusals: Refusals;

  constructor(place: DispatchPlace, routes: StreamRoutes, parts: DispatcherParts) {
    this.#place = place;
    this.#routes = routes;
    this.#parts = parts;
    this.#deadlines = new Deadlines(place.handlerTimeoutMs, parts.clock);
    const takesCommands = [...routes.byType.values()].some(([route]) => route?.descriptor.kind === "command");
    this.#refusals = new Refusals({ ...place, takesCommands }, parts.responding);
  }

  stop(): void {
    this.#deadlines.stop();
  }

  /** Ends the attempt at an entry that an operator has moved to the dead letters: its signal is aborted, and its place is free. */
  dismiss(entryId: string): void {
    this.#deadlines.expire(entryId, new BuriedError());
  }

  /**
   * Returns the outcome if it is known at once, otherwise calls back with it. Handlers begin in the context in which this
   * is called, so it has to be called without one.
   */
  dispatch(delivery: Delivery, ended: Ended): Outcome | undefined {
    const { fields } = delivery;
    // It was deleted from its stream while it was pending.
    if (fields === null) return DONE;
    const type = typeOf(fields);
    const routes = type === undefined ? this.#routes.untyped : this.#routes.byType.get(type);
    // A message that no handler takes costs no more than finding its type.
    if (routes === undefined) return this.#refusals.unrouted(type, fields, delivery);
    if (delivery.oversizedBytes !== undefined) return this.#tooLarge(routes, fields, delivery);
    const admitted = those(routes, admits, fields);
    if (admitted.length === 0) return this.skip(delivery, type ?? "", "filtered");
    try {
      const first = admitted[0] as Route;
      const contract = contractOf(first.upcast?.from ?? first.descriptor);
      if (delivery.attempt > 1)
        assertAttemptsLeft(delivery, this.#mostRetries(admitted), contract.sealed !== undefined);
      const message = contract.decode(fields);
      // Only messages that pass the filters are checked against their contract.
      const suited = those(admitted, suits, message);
      if (suited.length === 0) return this.skip(delivery, first.descriptor.type, "filtered");
      const opened = contract.open(message, this.#parts.sealing);
      if (!(opened instanceof Promise)) return this.#deliver(delivery, suited, opened, ended);
      void this.#deliverOpened(delivery, suited, opened, ended);
      return undefined;
    } catch (error) {
      return this.#unhandled(routes[0] as Route, delivery, error);
    }
  }

  /** The same, once a key has been fetched. */
  async #deliverOpened(
    delivery: Delivery,
    routes: readonly Route[],
    opened: Promise<Message>,
    ended: Ended,
  ): Promise<void> {
    const outcome = await opened
      .then((read) => this.#deliver(delivery, routes, read, ended))
      .catch((error: unknown) => this.#unhandled(routes[0] as Route, delivery, error));
    if (outcome !== undefined) ended(delivery, outcome);
  }

  /** Takes a checked message to the handlers that want it. */
  #deliver(delivery: Delivery, routes: readonly Route[], read: Message, ended: Ended): Outcome | undefined {
    const { upcast, descriptor } = routes[0] as Route;
    const message = upcast === undefined ? read : upcast.apply(read);
    const wanting = those(routes, wants, message);
    if (wanting.length === 0) return this.skip(delivery, descriptor.type, "filtered");
    if (descriptor.kind === "command") this.#parts.responding.assertAnswerable(descriptor.type, message);
    return this.#handle(delivery, wanting, message, ended);
  }

  /** The outcome of a message that came to no handler. */
  #unhandled(route: Route, delivery: Delivery, error: unknown): Outcome {
    const isHopeless = isUnreadable(error) || error instanceof PoisonError;
    // If the entry can be read, a filter threw.
    const outcome: Outcome = isHopeless ? { kind: "dead", error } : this.#fail(route, delivery, error);
    if (route.descriptor.kind !== "command" || !(error instanceof MessagingError)) return outcome;
    return this.#refusals.answered(outcome, delivery.fields ?? [], error);
  }

  /** Its short fields may tell that it is for none of the handlers. */
  #tooLarge(routes: readonly Route[], fields: FlatFields, delivery: Delivery): Outcome {
    const { descriptor } = routes[0] as Route;
    if (those(routes, mayAdmit, fields).length === 0) return this.skip(delivery, descriptor.type, "filtered");
    return this.#refusals.tooLarge(descriptor, fields, delivery);
  }

  #mostRetries(routes: readonly Route[]): number {
    return Math.max(...routes.map(({ options }) => options.maxRetries ?? this.#place.retry.maxRetries));
  }

  /** Reports an entry that is acknowledged without a handler. */
  skip({ id: entryId, fields }: Delivery, type: string, reason: "unhandled" | "filtered"): Outcome {
    const { hooks } = this.#parts;
    if (!hooks.wants("skipped")) hooks.count("skipped");
    else {
      const { stream, group } = this.#place;
      hooks.emit("skipped", { stream, group, entryId, type, ...identityOf(fields), reason });
    }
    return DONE;
  }

  /** Ends with the handlers, or when their time is up, whichever comes first. */
  #handle(delivery: Delivery, routes: readonly Route[], message: Message, ended: Ended): Outcome | undefined {
    const first = routes[0] as Route;
    const { type, kind } = first.descriptor;
    const context = new DeliveryContext(this.#place, delivery, first, message);
    const began = this.#parts.hooks.wants("handled") ? this.#parts.clock.now() : undefined;
    let running: unknown;
    try {
      running = inContextOf(context, () => this.#intercepted(routes, message, context));
    } catch (error) {
      context.end();
      return this.#fail(routes[context.at] as Route, delivery, error);
    }
    if (!(running instanceof Promise)) {
      context.end();
      return this.#succeed(first, context, began);
    }
    const run = this.#deadlines.begin(delivery.id, (reason) => {
      const error = reason ?? new HandlerTimeoutError(type, this.#place.handlerTimeoutMs);
      context.expire(error);
      ended(delivery, this.#fail(first, delivery, error));
    });
    running.then(
      (result) => {
        const answer = kind === "command" ? (result as Answer | undefined) : undefined;
        if (!this.#deadlines.end(run)) {
          if (answer !== undefined) this.#parts.responding.answerLate(answer);
          return;
        }
        context.end();
        const outcome = this.#succeed(first, context, began);
        ended(delivery, answer === undefined ? outcome : { kind: "done", answer });
      },
      (error: unknown) => {
        if (!this.#deadlines.end(run)) return;
        context.end();
        ended(delivery, this.#fail(routes[context.at] as Route, delivery, error));
      },
    );
    return undefined;
  }

  /** The handler of a command is intercepted where its answer is made. */
  #intercepted(routes: readonly Route[], message: Message, context: DeliveryContext): unknown {
    const { chain } = this.#parts;
    const { descriptor } = routes[0] as Route;
    if (chain === undefined || descriptor.kind === "command") return this.#run(routes, message, context);
    const call = { operation: "handle", descriptor, message, context } as const;
    return chain.run(call, context.stream, () => this.#run(routes, message, context));
  }

  /** Returns a promise only if a handler does. Most messages have a single one, which costs no closure. */
  #run(routes: readonly Route[], message: Message, context: DeliveryContext): Promise<unknown> | undefined {
    if (routes.length > 1) return this.#runInTurn(routes, message, context);
    return promised(this.#call(routes[0] as Route, message, context));
  }

  #runInTurn(routes: readonly Route[], message: Message, context: DeliveryContext): Promise<unknown> | undefined {
    return inTurn(routes.length, (at) => {
      context.at = at;
      return this.#call(routes[at] as Route, message, context);
    });
  }

  #call(route: Route, message: Message, context: DeliveryContext): unknown {
    if (route.descriptor.kind === "command") return this.#parts.responding.respond(route, message, context);
    return (route.handler as (message: Message, context: MessageContext) => unknown)(message, context);
  }

  /** @param began - `undefined` when nobody is told of it */
  #succeed(route: Route, context: DeliveryContext, began: number | undefined): Outcome {
    const { clock, hooks } = this.#parts;
    if (began === undefined) hooks.count("handled");
    else {
      const { stream, group, entryId, attempt, messageId, correlationId } = context;
      const ids = { messageId, correlationId };
      const durationMs = clock.now() - began;
      hooks.emit("handled", { stream, group, entryId, ...typesOf(route), ...ids, attempt, durationMs });
    }
    return DONE;
  }

  #fail(route: Route, delivery: Delivery, error: unknown): Outcome {
    const { stream, group, retry } = this.#place;
    const { clock, hooks } = this.#parts;
    const { id: entryId, fields, attempt, deaths = 0 } = delivery;
    const { maxRetries = retry.maxRetries, retryDelaySeconds } = route.options;
    const baseMs = retryDelaySeconds === undefined ? retry.delayMs : retryDelaySeconds * 1000;
    const policy = { maxRetries, delayMs: baseMs };
    const waiting = whileAway(error, ageOf(entryId, clock.wall()), policy, clock);
    const outcome = waiting ?? afterFailure(error, attempt - deaths, policy, clock);
    const message = { ...typesOf(route), ...identityOf(fields) };
    const delayMs = outcome.kind === "retry" ? outcome.delayMs : undefined;
    const tried = { attempt, maxAttempts: 1 + maxRetries + deaths, delayMs };
    hooks.emit("handlerFailed", { stream, group, entryId, ...message, ...tried, error });
    return outcome;
  }
}
