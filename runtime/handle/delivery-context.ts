import type { Delivery } from "../broker/delivery.js";
import { addedAt } from "../broker/entry-id.js";
import type { MemberPlace } from "../broker/membership.js";
import { companyOf } from "../contract/company.js";
import type { MessageKind } from "../contract/descriptor.js";
import { type Correlation, traceOf, withCorrelationOnly } from "../messaging/correlation.js";
import type { MessageContext } from "../messaging/handler.js";
import type { Route } from "./router.js";

type Message = Readonly<Record<string, unknown>>;

export interface ContextPlace extends Pick<MemberPlace, "stream" | "group" | "consumer" | "redriven" | "lease"> {
  /** Whether its messages are handled again, apart from every group. */
  readonly isReplay?: true;
  /** Aborted when handlers must give up. */
  readonly handling: AbortSignal;
}

/** The context of one delivery, and the correlation of every message that is published while it is handled. */
export class DeliveryContext implements MessageContext, Correlation {
  readonly type: string;
  readonly originalType: string | undefined;
  readonly kind: MessageKind;
  readonly entryId: string;
  readonly attempt: number;
  readonly isNew: boolean;
  /** The index of the message's handler that runs. */
  at = 0;
  readonly #place: ContextPlace;
  readonly #message: Message;
  #expired: unknown;
  #hasEnded = false;
  #controller: AbortController | undefined;
  /** Made only for a handler that reads its signal: most do not. */
  #giveUp: (() => void) | undefined;

  constructor(
    place: ContextPlace,
    { id, attempt, isNew = false }: Delivery,
    { descriptor: { type, kind }, upcast }: Pick<Route, "descriptor" | "upcast">,
    message: Message,
  ) {
    this.#place = place;
    this.#message = message;
    this.entryId = id;
    this.attempt = attempt;
    this.isNew = isNew;
    this.type = type;
    this.originalType = upcast?.from.type;
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
  get partition(): number | undefined {
    return this.#place.lease?.index;
  }
  get fence(): number | undefined {
    return this.#place.lease?.epoch;
  }
  get redelivered(): boolean {
    return this.attempt > 1 || this.#place.redriven;
  }
  get replay(): boolean {
    return this.#place.isReplay === true;
  }
  get publishedAt(): Date {
    return new Date(addedAt(this.entryId));
  }

  /** One signal for the whole delivery. `AbortSignal.any` would leak memory on Node 20 and 22. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const { handling } = this.#place;
      this.#controller = new AbortController();
      if (this.#expired !== undefined) this.#controller.abort(this.#expired);
      else if (handling.aborted && !this.#hasEnded) this.#controller.abort(handling.reason);
      else if (!this.#hasEnded) {
        this.#giveUp = () => this.#abort(handling.reason);
        handling.addEventListener("abort", this.#giveUp);
      }
    }
    return this.#controller.signal;
  }

  expire(reason: unknown): void {
    this.#expired = reason;
    this.#abort(reason);
    this.end();
  }

  /** The handler has ended: from now on nothing aborts its signal. */
  end(): void {
    this.#hasEnded = true;
    if (this.#giveUp !== undefined) this.#place.handling.removeEventListener("abort", this.#giveUp);
  }

  /** What listens to the signal runs like its handler, and not in the context of whoever aborts it. */
  #abort(reason: unknown): void {
    withCorrelationOnly(this, () => this.#controller?.abort(reason));
  }
}
