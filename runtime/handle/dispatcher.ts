// handle/ takes one delivery to its handlers. It may import broker/, config/, messaging/, time/ and contract/.

import { type Answer, type Delivery, DONE, type Outcome } from "../broker/delivery.js";
import { type FlatFields, typeOf } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import {
  BuriedError,
  DecodeError,
  HandlerTimeoutError,
  MessageTooLargeError,
  MessagingError,
  PoisonError,
} from "../errors.js";
import { apart, inContextOf } from "../messaging/correlation.js";
import type { MessageContext } from "../messaging/handler.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { InterceptorChain } from "../messaging/interceptor.js";
import { Deadlines } from "../time/deadline.js";
import { type ContextPlace, DeliveryContext } from "./delivery-context.js";
import { identityOf } from "./identity.js";
import type { Responding } from "./responding.js";
import { afterFailure, assertAttemptsLeft, isUnreadable, type RetryPolicy } from "./retry-policy.js";
import { admits, mayAdmit, type Route, type StreamRoutes, suits, those, typesOf, wants } from "./router.js";

export interface DispatchPlace extends ContextPlace {
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
  readonly maxMessageBytes: number;
}

export interface DispatcherParts extends RuntimeParts {
  readonly responding: Responding;
  readonly chain: InterceptorChain | undefined;
}

type Message = Record<string, unknown>;

const LEFT = "it was left in its stream; raise that setting in every service that reads it, and redrive it";

/** Called once for a delivery, with its outcome. */
export type Ended = (delivery: Delivery, outcome: Outcome) => void;

/** Takes a delivery to its handlers and tells its outcome. It never throws, so no message stops the consumer. */
export class Dispatcher {
  readonly #place: DispatchPlace;
  readonly #routes: StreamRoutes;
  readonly #parts: DispatcherParts;
  readonly #deadlines: Deadlines;
  /** Whether a command of an unknown type may be for this service, so that its sender waits for an answer. */
  readonly #takesCommands: boolean;

  constructor(place: DispatchPlace, routes: StreamRoutes, parts: DispatcherParts) {
    this.#place = place;
    this.#routes = routes;
    this.#parts = parts;
    this.#deadlines = new Deadlines(place.handlerTimeoutMs, parts.clock);
    this.#takesCommands = [...routes.byType.values()].some(([route]) => route?.descriptor.kind === "command");
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
    if (routes === undefined) return this.#unrouted(type, fields, delivery);
    if (delivery.oversizedBytes !== undefined) return this.#tooLarge(routes, fields, delivery);
    const admitted = those(routes, admits, fields);
    if (admitted.length === 0) return this.skip(delivery, type ?? "", "filtered");
    try {
      if (delivery.attempt > 1) assertAttemptsLeft(delivery, this.#mostRetries(admitted));
      const first = admitted[0] as Route;
      const contract = contractOf(first.upcast?.from ?? first.descriptor);
      let message = contract.decode(fields);
      // Only messages that pass the filters are checked against their contract.
      const suited = those(admitted, suits, message);
      if (suited.length === 0) return this.skip(delivery, first.descriptor.type, "filtered");
      contract.assertReadable(message);
      if (first.upcast !== undefined) message = first.upcast.apply(message);
      const wanting = those(suited, wants, message);
      if (wanting.length === 0) return this.skip(delivery, first.descriptor.type, "filtered");
      const { kind, type: name } = first.descriptor;
      if (kind === "command") this.#parts.responding.assertAnswerable(name, message);
      return this.#handle(delivery, wanting, message, ended);
    } catch (error) {
      const [route] = routes as [Route];
      const isHopeless = isUnreadable(error) || error instanceof PoisonError;
      // If the entry can be read, a filter threw.
      const outcome: Outcome = isHopeless ? { kind: "dead", error } : this.#fail(route, delivery, error);
      if (route.descriptor.kind !== "command" || !(error instanceof MessagingError)) return outcome;
      return this.#answered(outcome, fields, error);
    }
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

  /**
   * An unknown type is no error: its producer may be newer, or another member of the group may handle it. A command for
   * this service that no member handles is answered.
   */
  #unrouted(type: string | undefined, fields: FlatFields, { oversizedBytes }: Delivery): Outcome {
    if (type === undefined) {
      const names = "event_type, command_type, notification_type, message_type";
      const isWhole = oversizedBytes === undefined;
      const error = isWhole ? new DecodeError(`no field names a message type (${names})`) : this.#sized(oversizedBytes);
      return { kind: "unhandled", type, otherwise: { kind: "dead", error } };
    }
    if (!this.#takesCommands) return { kind: "unhandled", type, otherwise: DONE };
    const why = { code: "COMMAND_UNKNOWN", message: `no handler for ${type} here` } as const;
    const answer = this.#parts.responding.refusal(this.#place.stream, fields, why);
    return { kind: "unhandled", type, otherwise: answer === undefined ? DONE : { kind: "done", answer } };
  }

  /** An entry of which only short fields were read ends as a dead letter, unless they tell that it is for none of the handlers. */
  #tooLarge(routes: readonly Route[], fields: FlatFields, delivery: Delivery): Outcome {
    const { type, kind } = (routes[0] as Route).descriptor;
    if (those(routes, mayAdmit, fields).length === 0) return this.skip(delivery, type, "filtered");
    const error = this.#sized(delivery.oversizedBytes ?? 0, type);
    return kind === "command" ? this.#answered({ kind: "dead", error }, fields, error) : { kind: "dead", error };
  }

  #sized(bytes: number, type = "an entry without a known type"): MessageTooLargeError {
    return new MessageTooLargeError(type, bytes, this.#place.maxMessageBytes, LEFT);
  }

  #answered(outcome: Outcome, fields: FlatFields, why: Pick<MessagingError, "message" | "code">): Outcome {
    const answer = this.#parts.responding.refusal(this.#place.stream, fields, why);
    return answer === undefined || outcome.kind !== "dead" ? outcome : { ...outcome, answer };
  }

  /** Ends with the handlers, or when their time is up, whichever comes first. */
  #handle(delivery: Delivery, routes: readonly Route[], message: Message, ended: Ended): Outcome | undefined {
    const first = routes[0] as Route;
    const { type, kind } = first.descriptor;
    const context = new DeliveryContext(this.#place, delivery, first, message);
    const began = this.#parts.hooks.wants("handled") ? this.#parts.clock.now() : 0;
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
    if (chain === undefined || descriptor.kind === "command") return this.#run(routes, 0, message, context);
    const call = { operation: "handle", descriptor, message, context } as const;
    return chain.run(call, context.stream, () => this.#run(routes, 0, message, context));
  }

  /** Runs the handlers one after another, beginning with one of them. Returns a promise only if a handler does. */
  #run(routes: readonly Route[], from: number, message: Message, context: DeliveryContext): unknown {
    for (let at = from; at < routes.length; at++) {
      context.at = at;
      const route = routes[at] as Route;
      const result =
        routes.length === 1 ? this.#call(route, message, context) : apart(() => this.#call(route, message, context));
      if (!isThenable(result)) continue;
      const ran = Promise.resolve(result);
      return at === routes.length - 1 ? ran : ran.then(() => this.#run(routes, at + 1, message, context));
    }
    return undefined;
  }

  #call(route: Route, message: Message, context: DeliveryContext): unknown {
    if (route.descriptor.kind === "command") return this.#parts.responding.respond(route, message, context);
    return (route.handler as (message: Message, context: MessageContext) => unknown)(message, context);
  }

  #succeed(route: Route, context: DeliveryContext, began: number): Outcome {
    const { clock, hooks } = this.#parts;
    if (!hooks.wants("handled")) hooks.count("handled");
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
    const outcome = afterFailure(error, attempt - deaths, { maxRetries, delayMs: baseMs }, clock);
    const message = { ...typesOf(route), ...identityOf(fields) };
    const delayMs = outcome.kind === "retry" ? outcome.delayMs : undefined;
    const tried = { attempt, maxAttempts: 1 + maxRetries + deaths, delayMs };
    hooks.emit("handlerFailed", { stream, group, entryId, ...message, ...tried, error });
    return outcome;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
