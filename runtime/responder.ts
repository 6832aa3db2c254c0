import type { Redis } from "ioredis";
import { type FlatFields, textReader } from "./codec.js";
import type { Connection } from "./connection.js";
import { contractOf } from "./contract.js";
import { MessagingError } from "./errors.js";
import type { CommandHandler, MessageContext } from "./handler.js";
import type { HookBus } from "./hooks.js";
import { answer } from "./lua/answer.js";
import { answered } from "./lua/answered.js";
import { encodeResponse, type ResponseOutcome } from "./response.js";
import { commandOf, type Route } from "./router.js";

/** How much longer than its sender waits an answer is kept. */
const KEPT_LONGER_MS = 60_000;
const DEFAULT_TIMEOUT_SECONDS = 30;

type Command = Readonly<Record<string, unknown>>;

/** Where the answer to a command is stored, in the slot of its stream. */
export function answerKey(stream: string, commandId: string): string {
  return `{${stream}}:answer:${commandId}`;
}

/**
 * Runs commands and answers whoever waits. While somebody waits a failure is an answer, given at once and not
 * retried; a command for which nobody waits is retried like an event.
 */
export class CommandResponder {
  readonly #service: string;
  readonly #connection: Connection;
  readonly #hooks: HookBus;

  constructor(service: string, connection: Connection, hooks: HookBus) {
    this.#service = service;
    this.#connection = connection;
    this.#hooks = hooks;
  }

  async respond(route: Route, command: Command, context: MessageContext): Promise<void> {
    const replyTo = command["reply_to"] as string | undefined;
    if (replyTo === undefined) {
      const outcome = await this.#run(route, command, context);
      if (!outcome.success) throw outcome.cause;
      return;
    }
    const id = command["id"] as string;
    const key = answerKey(context.stream, id);
    const timeoutMs = ((command["timeout"] as number | undefined) ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
    const client = await this.#client(context);
    const stored = await answered.run(client, [key], [Number(context.entryId.split("-")[0]) + timeoutMs]);
    if (stored === "expired") {
      const { stream, group, entryId, type } = context;
      this.#hooks.emit("commandExpired", { stream, group, entryId, type });
      return;
    }
    if (stored !== null) {
      await client.publish(replyTo, stored);
      return;
    }
    const began = performance.now();
    const outcome = await this.#run(route, command, context);
    const text = encodeResponse(id, outcome, Math.round((performance.now() - began) * 1000) / 1000);
    await answer.run(await this.#client(context), [key], [text, timeoutMs + KEPT_LONGER_MS, replyTo]);
  }

  /** A handler's signal is made only for who asks for it. */
  async #client(context: MessageContext): Promise<Redis> {
    return this.#connection.isReady ? this.#connection.client : this.#connection.ready(context.signal);
  }

  /** Answers a command that cannot run (unknown here, or its payload breaks the contract), if somebody waits. */
  async refuse(stream: string, entry: FlatFields, { message, code }: MessagingError): Promise<void> {
    const textOf = textReader(entry);
    const id = textOf("id");
    const replyTo = textOf("reply_to");
    if (!id || !replyTo || textOf("target_service") !== this.#service) return;
    const text = encodeResponse(id, { success: false, error: message, errorCode: code }, undefined);
    await answer.run(await this.#connection.ready(), [answerKey(stream, id)], [text, KEPT_LONGER_MS, replyTo]);
  }

  async #run(
    route: Route,
    command: Command,
    context: MessageContext,
  ): Promise<ResponseOutcome & { readonly cause?: unknown }> {
    try {
      const handler = route.handler as CommandHandler<Command, unknown>;
      const result = await handler(command, context);
      const descriptor = commandOf(route);
      const issues = descriptor && contractOf(descriptor).resultViolations(result);
      if (issues === undefined) return { success: true, result };
      const sentence = issues.map(({ path, message }) => `${path || "the result"} ${message}`).join("; ");
      const error = `the handler of ${context.type} returned a result that breaks its contract: ${sentence}`;
      return {
        success: false,
        error,
        errorCode: "RESULT_INVALID",
        cause: new MessagingError("CONTRACT_VIOLATED", error),
      };
    } catch (cause) {
      const code = (cause as { code?: unknown } | null)?.code;
      const error = cause instanceof Error ? cause.message : String(cause);
      return { success: false, error, errorCode: typeof code === "string" ? code : undefined, cause };
    }
  }
}
