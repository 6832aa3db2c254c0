import type { Attributes, Span } from "@opentelemetry/api";
import type { HandleCall } from "../../messaging/interceptor.js";
import type { Measured } from "./instruments.js";

/** One attempt at a message. */
export class Attempt {
  readonly span: Span;
  /** What its duration is measured with. */
  readonly measured: Measured;
  readonly #call: HandleCall;
  #endedAt: number | undefined;

  constructor(call: HandleCall, span: Span, measured: Measured) {
    this.#call = call;
    this.span = span;
    this.measured = measured;
  }

  get entryId(): string {
    return this.#call.context.entryId;
  }

  get elapsedMs(): number {
    return this.#call.elapsedMs;
  }

  /** When it ended, by this process' clock; `undefined` while it is under way. */
  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  end(): void {
    this.#endedAt = Date.now();
    this.span.end();
  }
}

/**
 * The attempts at messages of one stream and group that are under way, and those that failed until it is known what becomes
 * of their messages.
 */
export class Attempts {
  readonly #byEntry = new Map<string, Attempt>();
  /** The stream and the group. */
  readonly place: Attributes;
  #underWay = 0;

  constructor(place: Attributes) {
    this.place = place;
  }

  get underWay(): number {
    return this.#underWay;
  }

  begin(attempt: Attempt): void {
    this.#byEntry.set(attempt.entryId, attempt);
    this.#underWay++;
  }

  /** It succeeded, or its failure is the answer: nothing else becomes of the message. */
  end(attempt: Attempt): void {
    this.fail(attempt);
    // Another attempt at the same message may have begun since, after a takeover.
    if (this.#byEntry.get(attempt.entryId) === attempt) this.#byEntry.delete(attempt.entryId);
  }

  /** It failed, and is kept for the span of what becomes of the message. */
  fail(attempt: Attempt): void {
    attempt.end();
    this.#underWay--;
  }

  find(entryId: string): Attempt | undefined {
    return this.#byEntry.get(entryId);
  }

  /** Returns the attempt at a message of which it is known now what becomes of it. */
  take(entryId: string): Attempt | undefined {
    const attempt = this.#byEntry.get(entryId);
    this.#byEntry.delete(entryId);
    return attempt;
  }
}
