import type { CommandDescriptor, Descriptor, Publishable } from "../contract/descriptor.js";
import type { Clock } from "../time/clock.js";
import type { MessageContext } from "./handler.js";
import type { PublishAllOptions, PublishOptions } from "./publisher.js";
import type { SendOptions, TellOptions } from "./sender.js";

interface Timed {
  /** How long the call has taken so far, in milliseconds. After `next` has resolved it is the duration of the rest. */
  readonly elapsedMs: number;
}

/** The handling of one delivery, by all handlers of its type. */
export interface HandleCall<Message = unknown> extends Timed {
  readonly operation: "handle";
  readonly descriptor: Descriptor;
  readonly message: Message;
  /** The delivery: `attempt`, `redelivered`, `entryId`, `signal`, … */
  readonly context: MessageContext;
  /** Whether the message is of this type. Narrows `message`. */
  is<Other>(descriptor: Descriptor<Other>): this is HandleCall<Other>;
}

/** The publishing of one message. */
export interface PublishCall<Input = unknown> extends Timed {
  readonly operation: "publish";
  readonly descriptor: Publishable;
  /** The message as its publisher gave it. Assign another one to have that published. */
  message: Input;
  readonly options: PublishOptions;
  /** Whether the message is of this type. Narrows `message`. */
  is<Other>(descriptor: Publishable<unknown, Other>): this is PublishCall<Other>;
}

/** The publishing of many messages by one `publishAll`. */
export interface PublishAllCall<Input = unknown> extends Timed {
  readonly operation: "publishAll";
  readonly descriptor: Publishable;
  /** The messages as their publisher gave them. Assign others to have those published. */
  messages: readonly Input[];
  readonly options: PublishAllOptions;
  /** Whether the messages are of this type. Narrows `messages`. */
  is<Other>(descriptor: Publishable<unknown, Other>): this is PublishAllCall<Other>;
}

/** The sending of one command, until its answer is there. */
export interface SendCall<Payload = unknown> extends Timed {
  readonly operation: "send";
  readonly descriptor: CommandDescriptor<unknown, never, unknown>;
  /** The payload as its sender gave it. Assign another one to have that sent. */
  payload: Payload;
  readonly options: SendOptions;
  /** Whether the command is of this type. Narrows `payload`. */
  is<Other>(descriptor: CommandDescriptor<unknown, Other>): this is SendCall<Other>;
}

/** The telling of one command, for whose answer nobody waits. */
export interface TellCall<Payload = unknown> extends Timed {
  readonly operation: "tell";
  readonly descriptor: CommandDescriptor<unknown, never, unknown>;
  /** The payload as its sender gave it. Assign another one to have that sent. */
  payload: Payload;
  readonly options: TellOptions;
  /** Whether the command is of this type. Narrows `payload`. */
  is<Other>(descriptor: CommandDescriptor<unknown, Other>): this is TellCall<Other>;
}

/** A call that an interceptor wraps. */
export type InterceptedCall = HandleCall | PublishCall | PublishAllCall | SendCall | TellCall;

/**
 * Wraps the handling of a message, and the publishing, sending or telling of one. The first interceptor is the outermost.
 *
 * `next` makes the rest of the call and resolves to its result; an error of the rest rejects it. Return or await its
 * promise: the call ends when its interceptors have ended. What an interceptor returns is the result of the call, and
 * what it throws fails the call, like an error of the handler or of the publish. An interceptor that does not call
 * `next` replaces the rest: a message whose handler it skips is acknowledged. It may call `next` again to repeat the
 * rest.
 *
 * An interceptor of `handle` runs within the time limit of the handler, and passes `context.signal` to what it waits
 * for. It does not run for messages that are filtered out, break their contract, or are commands whose stored answer is
 * sent again, nor for the listeners of notifications. What an interceptor publishes passes the interceptors, too. What
 * the runtime itself publishes (health, `service.started`) passes none.
 *
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

type Bare<Call> = Call extends InterceptedCall ? Omit<Call, "is" | "elapsedMs"> : never;

/** A call that publishes, as it is made. */
export type OutgoingCall = Bare<Exclude<InterceptedCall, HandleCall>>;

/** Makes calls through interceptors, one around the other. */
export class InterceptorChain {
  readonly #interceptors: readonly Interceptor[];
  readonly #clock: Clock;

  constructor(interceptors: readonly Interceptor[], clock: Clock) {
    this.#interceptors = interceptors;
    this.#clock = clock;
  }

  /** @param last - makes the call as the interceptors have left it */
  async run<Call extends Bare<InterceptedCall>>(given: Call, last: (call: Call) => unknown): Promise<unknown> {
    const began = this.#clock.now();
    const now = (): number => this.#clock.now();
    const call = {
      ...given,
      get elapsedMs(): number {
        return now() - began;
      },
      is: (descriptor: unknown): boolean => descriptor === given.descriptor,
    };
    const from = async (at: number): Promise<unknown> => {
      const interceptor = this.#interceptors[at];
      if (interceptor === undefined) return last(call);
      return interceptor(call as unknown as InterceptedCall, () => from(at + 1));
    };
    return from(0);
  }
}
