import type { Delivery } from "../broker/delivery.js";
import { addedAt } from "../broker/entry-id.js";
import { companyOf } from "../contract/company.js";
import type { MessageKind } from "../contract/descriptor.js";
import { type Correlation, traceOf } from "../messaging/correlation.js";
import type { MessageContext } from "../messaging/handler.js";

/** The parts of a context that do not differ from one delivery of a stream to the next. */
export interface ContextPlace {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  /** Aborted when handlers should give up. */
  readonly signal: AbortSignal;
}

/**
 * One delivery's context, and the correlation of whatever is published while it is handled. What few handlers ask for
 * is made when they do.
 */
export class DeliveryContext implements MessageContext, Correlation {
  readonly type: string;
  readonly kind: MessageKind;
  readonly entryId: string;
  readonly attempt: number;
  /** Which of the message's handlers runs. */
  at = 0;
  readonly #place: ContextPlace;
  readonly #message: Readonly<Record<string, unknown>>;
  #expired: unknown;
  #controller: AbortController | undefined;

  constructor(
    place: ContextPlace,
    { id, attempt }: Delivery,
    type: string,
    kind: MessageKind,
    message: Readonly<Record<string, unknown>>,
  ) {
    this.#place = place;
    this.#message = message;
    this.entryId = id;
    this.attempt = attempt;
    this.type = type;
    this.kind = kind;
  }

  get messageId(): string | undefined {
    return this.#message["id"] as string | undefined;
  }

  get correlationId(): string | undefined {
    return this.#message["correlation_id"] as string | undefined;
  }

  get companyId(): number | string | undefined {
    return companyOf(this.kind, this.#message);
  }

  get traceparent(): string | undefined {
    return traceOf(this.#message, "traceparent");
  }

  get tracestate(): string | undefined {
    return traceOf(this.#message, "tracestate");
  }

  get stream(): string {
    return this.#place.stream;
  }

  get group(): string {
    return this.#place.group;
  }

  get consumer(): string {
    return this.#place.consumer;
  }

  get redelivered(): boolean {
    return this.attempt > 1;
  }

  get publishedAt(): Date {
    return new Date(addedAt(this.entryId));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#expired !== undefined) this.#controller.abort(this.#expired);
    }
    return AbortSignal.any([this.#place.signal, this.#controller.signal]);
  }

  /** Tells the handler that its time is up. */
  expire(reason: unknown): void {
    this.#expired = reason;
    this.#controller?.abort(reason);
  }
}
