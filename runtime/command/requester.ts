import { contractOf } from "../contract/contract.js";
import type { CommandDescriptor } from "../contract/descriptor.js";
import { ClosedError, CommandFailedError, CommandTimeoutError, ContractError, MessagingError } from "../errors.js";
import type { HookBus } from "../messaging/hooks.js";
import type { Connection } from "../redis/connection.js";
import { decodeResponse, type Response } from "./answer.js";
import { answerKey } from "./responder.js";

/** A command whose answer is awaited. */
export interface Question {
  readonly id: string;
  readonly descriptor: CommandDescriptor<unknown, never, unknown>;
  readonly target: string;
  readonly stream: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Waiting {
  readonly question: Question;
  readonly settle: (response: Response | MessagingError) => void;
}

/**
 * Waits for answers on this instance's own channel. The subscription is confirmed before any command leaves; after a
 * reconnect every answer still awaited is looked for where its handler stored it.
 */
export class Requester {
  readonly channel: string;
  readonly #connection: Connection;
  readonly #hooks: HookBus;
  readonly #reading: Connection;
  readonly #waiting = new Map<string, Waiting>();
  #subscribed: Promise<void> | undefined;
  #attached = false;
  #isListening = false;

  constructor(channel: string, connection: Connection, reading: Connection, hooks: HookBus) {
    this.channel = channel;
    this.#connection = connection;
    this.#reading = reading;
    this.#hooks = hooks;
  }

  /** Whether answers can arrive: once they can, they are looked for after every reconnect. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Resolves when answers can arrive. */
  listen(): Promise<void> {
    this.#subscribed ??= this.#subscribe().catch((error: unknown) => {
      this.#subscribed = undefined;
      throw error;
    });
    return this.#subscribed;
  }

  /**
   * Resolves to the answer's result.
   *
   * @param sent - the command on its way; when it fails, so does the wait
   */
  ask(question: Question, sent: () => Promise<unknown>): Promise<unknown> {
    const { descriptor, signal } = question;
    if (signal?.aborted) {
      const text = `${descriptor.type} was not sent: its signal had been aborted before`;
      return Promise.reject(new MessagingError("COMMAND_ABORTED", text, { cause: signal.reason }));
    }
    return new Promise((resolve, reject) => {
      const settle = this.#wait(question, (response) => {
        if (response instanceof MessagingError) return reject(response);
        // Whatever is wrong with the answer is the asker's to hear, who would wait for good otherwise.
        try {
          resolve(resultOf(question, response));
        } catch (error) {
          reject(error);
        }
      });
      const failed = (error: unknown): void =>
        settle(error instanceof MessagingError ? error : new MessagingError("PUBLISH_FAILED", String(error)));
      try {
        sent().catch(failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  /** Ends every wait. */
  close(): void {
    for (const { question, settle } of this.#waiting.values())
      settle(new ClosedError(`waiting for ${question.descriptor.type}`));
  }

  /** Looks for the answers that may have been sent while nobody listened. */
  async recover(): Promise<void> {
    if (this.#waiting.size === 0) return;
    // The driver subscribes again by itself, but does not say when: an answer between our look and that would be missed.
    await (await this.#connection.ready()).subscribe(this.channel);
    const client = await this.#reading.ready();
    for (const { question } of [...this.#waiting.values()]) {
      const stored = await client.get(answerKey(question.stream, question.id));
      if (stored !== null) this.#receive(stored);
    }
  }

  async #subscribe(): Promise<void> {
    const client = await this.#connection.ready();
    if (!this.#attached) {
      this.#attached = true;
      client.on("message", (channel: string, payload: string) => {
        if (channel === this.channel) this.#receive(payload);
      });
    }
    await client.subscribe(this.channel);
    this.#isListening = true;
  }

  /** Returns what ends the wait; only its first call counts. */
  #wait(question: Question, ended: (response: Response | MessagingError) => void): Waiting["settle"] {
    const { id, descriptor, target, timeoutMs, signal } = question;
    const settle = (response: Response | MessagingError): void => {
      if (!this.#waiting.delete(id)) return;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      ended(response);
    };
    const onAbort = (): void => {
      const text = `the wait for ${descriptor.type} was ended; the command itself may still run`;
      settle(new MessagingError("COMMAND_ABORTED", text, { cause: signal?.reason }));
    };
    const timer = setTimeout(() => settle(new CommandTimeoutError(descriptor.type, target, timeoutMs)), timeoutMs);
    this.#waiting.set(id, { question, settle });
    signal?.addEventListener("abort", onAbort);
    return settle;
  }

  #receive(payload: string): void {
    try {
      const response = decodeResponse(payload);
      const waiting = this.#waiting.get(response.command_id);
      if (waiting === undefined) this.#hooks.emit("answerUnclaimed", { commandId: response.command_id });
      else waiting.settle(response);
    } catch (error) {
      this.#hooks.emit("trouble", { what: `reading a reply on ${this.channel}`, error });
    }
  }
}

/**
 * What an answer comes to.
 *
 * @throws {CommandFailedError} when it is a failure, {ContractError} when its result breaks the contract
 */
function resultOf({ descriptor, target }: Question, response: Response): unknown {
  if (!response.success) throw new CommandFailedError(descriptor.type, target, response.error, response.error_code);
  const issues = contractOf(descriptor).receivedResultViolations(response.result);
  if (issues !== undefined) throw new ContractError(`the answer of ${target} to ${descriptor.type}`, issues, true);
  return response.result;
}
