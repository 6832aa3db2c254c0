import type { Answer } from "../broker/delivery.js";
import { addedAt } from "../broker/entry-id.js";
import { type FlatFields, textReader } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import { MessagingError } from "../errors.js";
import { describeFailure } from "../handle/failure.js";
import { commandOf, type Route } from "../handle/router.js";
import type { CommandHandler, MessageContext } from "../messaging/handler.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Connection } from "../redis/connection.js";
import { answer } from "../redis/lua/answer.js";
import { answered } from "../redis/lua/answered.js";
import { YOUNG_MS } from "../redis/lua/ensure-group.js";
import type { RedisClock } from "../redis/redis-clock.js";
import { encodeResponse, type ResponseOutcome } from "./answer.js";
import { isSentOnce } from "./command.js";

/** How much longer than its sender waits an answer is kept. */
const KEPT_LONGER_MS = 60_000;
const DEFAULT_TIMEOUT_SECONDS = 30;

type Command = Readonly<Record<string, unknown>>;

/** Where the answer to a command is stored, in the slot of its stream. */
export function answerKey(stream: string, commandId: string): string {
  return `{${stream}}:answer:${commandId}`;
}

/**
 * Runs commands and says what whoever waits is answered. While somebody waits a failure is an answer, given at once
 * and not retried; a command for which nobody waits is retried like an event.
 */
export class CommandResponder {
  readonly #service: string;
  readonly #connection: Connection;
  readonly #clock: RedisClock | undefined;
  readonly #hooks: HookBus;

  /** @param clock - left out where nothing is new */
  constructor(service: string, connection: Connection, clock: RedisClock | undefined, hooks: HookBus) {
    this.#service = service;
    this.#connection = connection;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /**
   * Resolves to the answer, or to `undefined` when nobody waits for one (any more).
   *
   * @throws what the handler threw, when nobody waits
   */
  async respond(route: Route, command: Command, context: MessageContext): Promise<Answer | undefined> {
    const replyTo = command["reply_to"] as string | undefined;
    const id = command["id"] as string;
    const timeoutMs = ((command["timeout"] as number | undefined) ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
    const key = answerKey(context.stream, id);
    const keepMs = timeoutMs + KEPT_LONGER_MS;
    const givenUpAt = addedAt(context.entryId) + timeoutMs;
    if (replyTo !== undefined && !this.#isSurelyNew(command, givenUpAt, context)) {
      const stored = await this.#look(key, givenUpAt, context);
      if (stored === "expired") {
        const { stream, group, entryId, type } = context;
        this.#hooks.emit("commandExpired", { stream, group, entryId, type });
        return undefined;
      }
      if (stored !== null) return { key, text: stored, keepMs, replyTo };
    }
    const began = performance.now();
    let ran: Ran;
    try {
      ran = judged(route, await (route.handler as CommandHandler<Command, unknown>)(command, context));
    } catch (thrown) {
      ran = failed(thrown);
    }
    if (replyTo === undefined) {
      if (!ran.success) throw ran.cause;
      return undefined;
    }
    const text = encodeResponse(id, ran, Math.round((performance.now() - began) * 1000) / 1000);
    return { key, text, keepMs, replyTo };
  }

  /** What a command that cannot run (unknown here, or its payload breaks the contract) is answered, if somebody waits. */
  refusal(stream: string, entry: FlatFields, why: Pick<MessagingError, "message" | "code">): Answer | undefined {
    const textOf = textReader(entry);
    const id = textOf("id");
    const replyTo = textOf("reply_to");
    if (!id || !replyTo || textOf("target_service") !== this.#service) return undefined;
    const text = encodeResponse(id, { success: false, error: why.message, errorCode: why.code }, undefined);
    return { key: answerKey(stream, id), text, keepMs: KEPT_LONGER_MS, replyTo };
  }

  answerLate({ key, text, keepMs, replyTo }: Answer): void {
    this.#connection
      .ready()
      // It acknowledges nothing, so the keys for that are not looked at.
      .then((client) => answer.run(client, [key, key, key], [text, keepMs, replyTo, "", ""]))
      .catch((error: unknown) => this.#hooks.emit("trouble", { what: "answering late", error }));
  }

  /** Whether nobody can have answered the command, and its sender waits: then there is nothing to ask. */
  #isSurelyNew(command: Command, givenUpAt: number, { entryId, redelivered }: MessageContext): boolean {
    if (redelivered || this.#clock === undefined || !isSentOnce(command)) return false;
    return this.#clock.isBefore(Math.min(addedAt(entryId) + YOUNG_MS, givenUpAt));
  }

  /** A handler's signal is made only for who asks for it. */
  async #look(key: string, givenUpAt: number, context: MessageContext): Promise<string | null> {
    const connection = this.#connection;
    const client = connection.isReady ? connection.client : await connection.ready(context.signal);
    return answered.run(client, [key], [givenUpAt]);
  }
}

/** What a handler came to, and when it failed, with what. */
type Ran = ResponseOutcome & { readonly cause?: unknown };

/** What is wrong with a result is the handler's failure. */
function judged(route: Route, result: unknown): Ran {
  const descriptor = commandOf(route);
  const issues = descriptor && contractOf(descriptor).resultViolations(result);
  if (issues === undefined) return { success: true, result };
  const sentence = issues.map(({ path, message }) => `${path || "the result"} ${message}`).join("; ");
  const error = `the handler of ${route.descriptor.type} returned a result that breaks its contract: ${sentence}`;
  const cause = new MessagingError("CONTRACT_VIOLATED", error);
  return { success: false, error, errorCode: "RESULT_INVALID", cause };
}

function failed(cause: unknown): Ran {
  const { message, code } = describeFailure(cause);
  return { success: false, error: message, errorCode: code, cause };
}
