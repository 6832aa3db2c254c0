import type { CommandDescriptor, Descriptor, Publishable } from "../contract/descriptor.js";
import type { Clock } from "../time/clock.js";
import type { MessageContext } from "./handler.js";
import type { PublishAllOptions, PublishOptions } from "./publisher.js";
import type { SendOptions, TellOptions } from "./sender.js";

interface Call<Operation extends string, Of extends Descriptor = Descriptor> {
  readonly operation: Operation;
  readonly descriptor: Of;
  /** The whole name of the message's stream, with the environment's prefix. */
  readonly stream: string;
  /** The duration of the call so far, in milliseconds. After `next` has resolved, that of the rest. */
  readonly elapsedMs: number;
}

/** The handling of one delivery, by all handlers of its type. */
export interface HandleCall<Message = unknown> extends Call<"handle"> {
  readonly message: Message;
  /** The delivery: `attempt`, `redelivered`, `entryId`, `signal`, … */
  readonly context: MessageContext;
  /** Whether the message is of this type. Narrows `message`. */
  is<Other>(descriptor: Descriptor<Other>): this is HandleCall<Other>;
}

/** The publishing of one message. */
export interface PublishCall<Input = unknown> extends Call<"publish", Publishable> {
  /** The message as its publisher gave it. Assign another one to have that published. */
  message: Input;
  readonly options: PublishOptions;
  /** Whether the message is of this type. Narrows `message`. */
  is<Other>(descriptor: Publishable<unknown, Other>): this is PublishCall<Other>;
}

/** The publishing of many messages by one `publishAll`. */
export interface PublishAllCall<Input = unknown> extends Call<"publishAll", Publishable> {
  /** The messages as their publisher gave them. Assign others to have those published. */
  messages: readonly Input[];
  readonly options: PublishAllOptions;
  /** Whether the messages are of this type. Narrows `messages`. */
  is<Other>(descriptor: Publishable<unknown, Other>): this is PublishAllCall<Other>;
}

/** The sending of one command, until its answer arrives. */
export interface SendCall<Payload = unknown> extends Call<"send", CommandDescriptor> {
  /** The payload as its sender gave it. Assign another one to have that sent. */
  payload: Payload;
  readonly options: SendOptions;
  /** Whether the command is of this type. Narrows `payload`. */
  is<Other>(descriptor: CommandDescriptor<unknown, Other>): this is SendCall<Other>;
}

/** The sending of one command without waiting for an answer. */
export interface TellCall<Payload = unknown> extends Call<"tell", CommandDescriptor> {
  /** The payload as its sender gave it. Assign another one to have that sent. */
  payload: Payload;
  readonly options: TellOptions;
  /** Whether the command is of this type. Narrows `payload`. */
  is<Other>(descriptor: CommandDescriptor<unknown, Other>): this is TellCall<Other>;
}

/** A call that an interceptor wraps. */
export type InterceptedCall = HandleCall | PublishCall | PublishAllCall | SendCall | TellCall;

/**
 * Wraps the handling, publishing, sending or telling of a message. The first interceptor is the outermost.
 * `next` makes the rest of the call and resolves to its result, or rejects with its error. Return or await its promise.
 * The interceptor's result is the result of the call, and its error fails the call like an error of the handler or of
 * the publish. If it never calls `next`, it replaces the rest: a message whose handler it skips is acknowledged. If it
 * calls `next` again, it repeats the rest.
 * Around `handle` it runs within the handler's time limit: pass `context.signal` to the calls that it awaits. It does
 * not run for messages that are filtered out or break their contract, for commands whose stored answer is sent again,
 * or for listeners of notifications. Messages that it publishes pass the interceptors too. Those that the runtime
 * publishes itself (health, `service.started`) pass none.
 * @example
 * const timing: Interceptor = async (call, next) => {
 *   try {
 *     return await next();
 *   } finally {
 *     console.log(call.operation, call.descriptor.type, call.elapsedMs);
 *   }
 * };
 * const messaging = createMessaging({ service: "billing-service", interceptors: [timing] });
 */
export type Interceptor = (call: InterceptedCall, next: () => Promise<unknown>) => Promise<unknown>;

/** `Omit` for each member of a union. */
type Omitting<Whole, Name extends PropertyKey> = Whole extends unknown ? Omit<Whole, Name> : never;

/** A call before it passes the interceptors. */
type BeginningCall = Omitting<InterceptedCall, "is" | "elapsedMs" | "stream">;

/** One that publishes. */
export type OutgoingCall = Exclude<BeginningCall, { readonly operation: "handle" }>;

/** A class, and a promise only where somebody makes one: there is one of these for each message. */
class CallUnderWay {
  declare readonly descriptor: unknown;
  readonly stream: string;
  readonly #clock: Clock;
  readonly #began: number;

  constructor(given: object, stream: string, clock: Clock) {
    Object.assign(this, given);
    this.stream = stream;
    this.#clock = clock;
    this.#began = clock.now();
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#began;
  }

  is(descriptor: unknown): boolean {
    return descriptor === this.descriptor;
  }
}

export class InterceptorChain {
  readonly #interceptors: readonly Interceptor[];
  readonly #clock: Clock;

  constructor(interceptors: readonly Interceptor[], clock: Clock) {
    this.#interceptors = interceptors;
    this.#clock = clock;
  }

  /** @param last - makes the call, with the changes of the interceptors */
  run<Given extends BeginningCall>(given: Given, stream: string, last: (call: Given) => unknown): Promise<unknown> {
    const call = new CallUnderWay(given, stream, this.#clock);
    return this.#from(0, call as unknown as InterceptedCall, last);
  }

  /** Whatever is thrown rejects. */
  #from(at: number, call: InterceptedCall, last: (call: never) => unknown): Promise<unknown> {
    const interceptor = this.#interceptors[at];
    try {
      return Promise.resolve(
        interceptor === undefined ? last(call as never) : interceptor(call, () => this.#from(at + 1, call, last)),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
