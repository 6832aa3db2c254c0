import { type Answers, type BrokerClock, YOUNG_MS } from "../broker/broker.js";
import type { Answer } from "../broker/delivery.js";
import { addedAt } from "../broker/entry-id.js";
import { bytesOf, type FlatFields, textReader } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { CommandDescriptor } from "../contract/descriptor.js";
import { inexactIn } from "../contract/exact-number.js";
import { cut, printable } from "../contract/printable.js";
import type { Sealing } from "../contract/sealing.js";
import { DEFAULT_TIMEOUT_SECONDS, MOST_TIMEOUT_SECONDS } from "../contract/time-limit.js";
import { ContractError, describeIssues, MessageTooLargeError, MessagingError } from "../errors.js";
import { describeFailure } from "../handle/failure.js";
import type { CommandContext, Responding } from "../handle/responding.js";
import { commandOf, type Route } from "../handle/router.js";
import type { CommandHandler, MessageContext } from "../messaging/handler.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import type { InterceptorChain } from "../messaging/interceptor.js";
import { encodeResponse, placeIn, type ResponseOutcome } from "./answer.js";
import { isSentOnce } from "./command.js";
import type { ReplyChannels } from "./reply-channel.js";

/** How much longer than its sender waits an answer stays stored. */
const KEPT_LONGER_MS = 60_000;
const LONGEST_SHOWN = 60;

type Command = Readonly<Record<string, unknown>>;

export interface ResponderParts extends RuntimeParts {
  readonly answers: Answers;
  readonly brokerClock: BrokerClock;
  readonly replyChannels: ReplyChannels;
  readonly chain: InterceptorChain | undefined;
  readonly sealing: Sealing | undefined;
  /** An answer that is larger is a failure instead. */
  readonly mostBytes: number;
}

/**
 * Runs commands and makes their answers. While the sender waits, a failure is an answer, given at once and not retried.
 * A command for whose answer nobody waits is retried like an event.
 */
export class CommandResponder implements Responding {
  readonly #service: string;
  readonly #parts: ResponderParts;

  constructor(service: string, parts: ResponderParts) {
    this.#service = service;
    this.#parts = parts;
  }

  /**
   * Resolves to the answer, or to `undefined` when nobody waits for one.
   * @throws what the handler threw, when nobody waits
   */
  async respond(route: Route, command: Command, context: CommandContext): Promise<Answer | undefined> {
    const replyTo = command["reply_to"] as string | undefined;
    const commandId = command["id"] as string;
    const seconds = (command["timeout"] as number | undefined) ?? DEFAULT_TIMEOUT_SECONDS;
    // Whoever asks for longer is answered as if it had asked for the most.
    const timeoutMs = Math.min(seconds, MOST_TIMEOUT_SECONDS) * 1000;
    const { stream, entryId } = context;
    const keepMs = timeoutMs + KEPT_LONGER_MS;
    const givenUpAt = addedAt(entryId) + timeoutMs;
    if (replyTo !== undefined && !this.#isSurelyNew(command, givenUpAt, context)) {
      const stored = await this.#stored(stream, commandId, givenUpAt, context);
      if (stored === "expired") {
        const { group, type, messageId, correlationId } = context;
        this.#parts.hooks.emit("commandExpired", { stream, group, entryId, type, messageId, correlationId });
        return undefined;
      }
      if (stored instanceof MessageTooLargeError) {
        const text = this.#tooLarge(route, commandId, stored);
        return { stream, commandId, entryId, text, keepMs: 0, replyTo };
      }
      if (stored !== null) return { stream, commandId, entryId, text: stored, keepMs, replyTo };
    }
    const { clock } = this.#parts;
    const began = clock.now();
    let ran: Ran;
    try {
      ran = judged(route, await this.#handle(route, command, context));
      if (ran.success && replyTo !== undefined) ran = await this.#sealed(route, commandId, ran);
    } catch (thrown) {
      ran = failed(thrown);
    }
    if (replyTo === undefined) {
      if (!ran.success) throw ran.cause;
      return undefined;
    }
    const text = this.#written(route, commandId, ran, clock.now() - began);
    return { stream, commandId, entryId, text, keepMs, replyTo };
  }

  /** The answer of an earlier delivery, or the error of one that is too large to be read. */
  async #stored(...asked: Parameters<Answers["check"]>): Promise<string | MessageTooLargeError | null> {
    try {
      return await this.#parts.answers.check(...asked);
    } catch (error) {
      if (error instanceof MessageTooLargeError) return error;
      throw error;
    }
  }

  /**
   * The failure that is sent in place of a stored answer which is too large to be read. It is not stored: while members have different
   * limits, the answer may be a good one, and its sender may have a limit that is large enough.
   */
  #tooLarge({ descriptor }: Route, commandId: string, stored: MessageTooLargeError): string {
    const { message, code } = stored.of(`the stored answer to ${descriptor.type}`);
    const failure = { success: false, error: `${message}; the command has run`, errorCode: code } as const;
    return encodeResponse(commandId, failure, undefined, this.#parts.clock.wall());
  }

  assertAnswerable(type: string, command: Command): void {
    const { reply_to: replyTo, source_service: source } = command;
    if (typeof replyTo !== "string" || this.#parts.replyChannels.allow(source, replyTo)) return;
    const demand =
      "must be a channel of the source_service, as in billing-responses:1, or be allowed by REPLY_CHANNELS";
    const found = printable(cut(JSON.stringify(replyTo), LONGEST_SHOWN));
    throw new ContractError(type, [{ path: "reply_to", message: `${demand}, got ${found}` }], true);
  }

  refusal(stream: string, entry: FlatFields, why: Pick<MessagingError, "message" | "code">): Answer | undefined {
    const textOf = textReader(entry);
    const commandId = textOf("id");
    const replyTo = textOf("reply_to");
    if (!commandId || !replyTo || textOf("target_service") !== this.#service) return undefined;
    if (!this.#parts.replyChannels.allow(textOf("source_service"), replyTo)) return undefined;
    const text = encodeResponse(
      commandId,
      { success: false, error: why.message, errorCode: why.code },
      undefined,
      this.#parts.clock.wall(),
    );
    return { stream, commandId, text, keepMs: KEPT_LONGER_MS, replyTo };
  }

  answerLate(answer: Answer): void {
    const { answers, hooks } = this.#parts;
    const ids = { messageId: answer.commandId, correlationId: undefined };
    answers.give(answer).catch((error: unknown) => hooks.trouble("answering late", error, ids));
  }

  #handle(route: Route, command: Command, context: MessageContext): unknown {
    const handler = route.handler as CommandHandler<Command, unknown>;
    const { chain } = this.#parts;
    if (chain === undefined) return handler(command, context);
    const { descriptor } = route;
    const call = { operation: "handle", descriptor, message: command, context } as const;
    return chain.run(call, context.stream, () => handler(command, context));
  }

  /** The result as it goes on the wire and is stored. */
  async #sealed(route: Route, commandId: string, ran: Extract<Ran, { success: true }>): Promise<Ran> {
    const { sealedResult } = contractOf(route.descriptor);
    if (sealedResult === undefined) return ran;
    return { success: true, result: await sealedResult.seal(ran.result as Command, commandId, this.#parts.sealing) };
  }

  /** An answer, which is a failure where the result cannot be written. */
  #written(route: Route, commandId: string, ran: Ran, durationMs: number): string {
    const { mostBytes } = this.#parts;
    const descriptor = route.descriptor as CommandDescriptor;
    let why: Pick<MessagingError, "message"> & { readonly code: string };
    try {
      const text = encodeResponse(commandId, ran, durationMs, this.#parts.clock.wall());
      const inexact = ran.success ? inexactIn(text, { result: ran.result }) : undefined;
      const bytes = bytesOf([text], mostBytes);
      if (inexact === undefined && bytes <= mostBytes) return text;
      if (inexact === undefined) why = new MessageTooLargeError(`the answer to ${descriptor.type}`, bytes, mostBytes);
      else why = unwritable(descriptor.type, `${placeIn(inexact.keys, descriptor)} ${inexact.message}`);
    } catch (thrown) {
      why = unwritable(descriptor.type, describeFailure(thrown).message);
    }
    const failure = { success: false, error: why.message, errorCode: why.code } as const;
    return encodeResponse(commandId, failure, durationMs, this.#parts.clock.wall());
  }

  /** Whether the command cannot have been answered and its sender waits. Then there is nothing to look up. */
  #isSurelyNew(command: Command, givenUpAt: number, { entryId, isNew = false }: CommandContext): boolean {
    if (!isNew || !isSentOnce(command)) return false;
    const { brokerClock } = this.#parts;
    const at = addedAt(entryId);
    // What has waited here for longer may have been taken over, and answered; of an id in the future nobody knows.
    return !brokerClock.isBefore(at) && brokerClock.isBefore(Math.min(at + YOUNG_MS, givenUpAt));
  }
}

type Ran = ResponseOutcome & { readonly cause?: unknown };

/** A result that breaks its contract is a failure of the handler. */
function judged(route: Route, result: unknown): Ran {
  const descriptor = commandOf(route);
  const issues = descriptor && contractOf(descriptor).resultViolations(result);
  if (issues === undefined) return { success: true, result };
  const sentence = describeIssues(issues, "the result");
  const error = `the handler of ${route.descriptor.type} returned a result that breaks its contract: ${sentence}`;
  const cause = new MessagingError("CONTRACT_VIOLATED", error);
  return { success: false, error, errorCode: "RESULT_INVALID", cause };
}

function unwritable(type: string, problem: string): { readonly message: string; readonly code: string } {
  const message = `the handler of ${type} returned a result that cannot be written: ${problem}`;
  return { message, code: "RESULT_INVALID" };
}

function failed(cause: unknown): Ran {
  const { message, code } = describeFailure(cause);
  return { success: false, error: message, errorCode: code, cause };
}
