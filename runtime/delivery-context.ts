import type { MessageKind } from "./descriptor.js";
import type { MessageContext } from "./handler.js";

/** The parts of a context that do not differ from one delivery of a stream to the next. */
export interface ContextPlace {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  /** Aborted when handlers should give up. */
  readonly signal: AbortSignal;
}

/** One delivery's context. Its own signal is made only for a handler that asks for it. */
export class DeliveryContext implements MessageContext {
  readonly messageId: string | undefined;
  readonly type: string;
  readonly kind: MessageKind;
  readonly entryId: string;
  readonly attempt: number;
  readonly correlationId: string | undefined;
  readonly #place: ContextPlace;
  #expired: unknown;
  #controller: AbortController | undefined;

  constructor(
    place: ContextPlace,
    entryId: string,
    attempt: number,
    type: string,
    kind: MessageKind,
    message: Readonly<Record<string, unknown>>,
  ) {
    this.#place = place;
    this.entryId = entryId;
    this.attempt = attempt;
    this.type = type;
    this.kind = kind;
    this.messageId = message["id"] as string | undefined;
    this.correlationId = message["correlation_id"] as string | undefined;
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
    return new Date(Number(this.entryId.slice(0, this.entryId.indexOf("-"))));
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
