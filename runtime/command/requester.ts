import type { Answers } from "../broker/broker.js";
import type { Subscriptions } from "../broker/subscriptions.js";
import type { PlainMessage } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { CommandDescriptor } from "../contract/descriptor.js";
import { inexactIn } from "../contract/exact-number.js";
import type { Sealing } from "../contract/sealing.js";
import {
  ClosedError,
  CommandFailedError,
  CommandTimeoutError,
  ContractError,
  DecodeError,
  MessageTooLargeError,
  MessagingError,
} from "../errors.js";
import type { RuntimeParts } from "../messaging/hooks.js";
import { Pause } from "../time/pause.js";
import { decodeResponse, placeIn, type Response } from "./answer.js";

/** A command whose answer is awaited. */
export interface Question {
  readonly id: string;
  readonly descriptor: CommandDescriptor;
  readonly target: string;
  readonly stream: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Waiting {
  readonly question: Question;
  isOver: boolean;
  /** Ends the wait. Only its first call counts. */
  readonly settle: (response: Response | MessagingError) => void;
}

export interface RequesterParts extends RuntimeParts {
  readonly channel: string;
  readonly subscriptions: Subscriptions;
  readonly answers: Answers;
  readonly sealing: Sealing | undefined;
}

/**
 * Waits for answers on the channel of this instance. The subscription is confirmed before any command is sent. After a
 * reconnect the stored answers of all commands that still wait are looked for.
 */
export class Requester {
  readonly channel: string;
  readonly #parts: RequesterParts;
  readonly #closing = new AbortController();
  readonly #pause: Pause;
  /** By the command's id. A command that is sent again while it is waited for has several. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  #subscribed: Promise<unknown> | undefined;
  #isListening = false;

  constructor(parts: RequesterParts) {
    this.#parts = parts;
    this.channel = parts.channel;
    this.#pause = new Pause(this.#closing.signal, parts.clock, parts.hooks.trouble);
  }

  /** Whether answers can arrive. Once they can, they are looked for after every reconnect. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Resolves when answers can arrive. */
  async listen(): Promise<void> {
    this.#subscribed ??= this.#parts.subscriptions
      .subscribe(
        { name: this.channel, isPattern: false },
        { receive: (_channel, payload) => this.#receive(payload), restored: () => void this.#recover() },
      )
      .catch((error: unknown) => {
        this.#subscribed = undefined;
        throw error;
      });
    await this.#subscribed;
    this.#isListening = true;
  }

  /**
   * Resolves to the result of the answer. The wait begins with this call, and when `send` fails, it fails with it.
   *
   * @param send - sends the command, if the answer is still wanted when it can be sent
   */
  ask(question: Question, send: (isWanted: () => boolean) => Promise<unknown>): Promise<unknown> {
    const { descriptor, signal } = question;
    if (signal?.aborted) {
      const text = `${descriptor.type} was not sent: its signal had been aborted before`;
      return Promise.reject(new MessagingError("COMMAND_ABORTED", text, { cause: signal.reason }));
    }
    return new Promise((resolve, reject) => {
      const waiting = this.#wait(question, (response) => {
        if (response instanceof MessagingError) return reject(response);
        // An answer that cannot be judged must end the wait, too.
        const refuse = (error: unknown): void => {
          // The command has run: what says that a repeat is safe would mislead.
          const isOurs = error instanceof MessagingError && !error.retryable;
          const text = `the answer of ${question.target} to ${descriptor.type} cannot be judged`;
          reject(isOurs ? error : new DecodeError(text, { cause: error }));
        };
        try {
          const result = resultOf(question, response, this.#parts.sealing);
          if (result instanceof Promise) result.then(resolve, refuse);
          else resolve(result);
        } catch (error) {
          refuse(error);
        }
      });
      send(() => !waiting.isOver).catch((error: unknown) =>
        waiting.settle(error instanceof MessagingError ? error : new MessagingError("PUBLISH_FAILED", String(error))),
      );
    });
  }

  close(): void {
    this.#closing.abort();
    for (const { question, settle } of this.#all()) settle(new ClosedError(`waiting for ${question.descriptor.type}`));
  }

  /** Looks for the answers that may have been sent while nobody received them, until each has been looked for. */
  async #recover(): Promise<void> {
    for (const waiting of this.#all()) {
      const { stream, id } = waiting.question;
      for (let failures = 0; !waiting.isOver; failures++) {
        try {
          const stored = await this.#parts.answers.find(stream, id);
          if (stored !== null && !waiting.isOver) this.#receive(stored);
          break;
        } catch (error) {
          if (error instanceof MessageTooLargeError) {
            waiting.settle(unread(waiting.question, error));
            break;
          }
          if (!(await this.#pause.afterFailure(failures, "looking for stored answers", error))) return;
        }
      }
    }
  }

  #all(): readonly Waiting[] {
    return [...this.#waiting.values()].flatMap((same) => [...same]);
  }

  #wait(question: Question, ended: (response: Response | MessagingError) => void): Waiting {
    const { id, descriptor, target, timeoutMs, signal } = question;
    const settle = (response: Response | MessagingError): void => {
      if (waiting.isOver) return;
      waiting.isOver = true;
      same.delete(waiting);
      if (same.size === 0) this.#waiting.delete(id);
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      ended(response);
    };
    const onAbort = (): void => {
      const text = `the wait for ${descriptor.type} was ended; the command itself may still run`;
      settle(new MessagingError("COMMAND_ABORTED", text, { cause: signal?.reason }));
    };
    const expire = (): void =>
      settle(new CommandTimeoutError(descriptor.type, target, timeoutMs, this.#parts.answers.failure()));
    // A late timer runs before the sockets have been read: the answer may have arrived.
    const timer = this.#parts.clock.after(timeoutMs, () => setImmediate(expire));
    const waiting: Waiting = { question, isOver: false, settle };
    const same = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, same.add(waiting));
    signal?.addEventListener("abort", onAbort);
    return waiting;
  }

  #receive(payload: string): void {
    try {
      const response = decodeResponse(payload);
      const same = this.#waiting.get(response.command_id);
      if (same === undefined) this.#parts.hooks.emit("answerUnclaimed", { commandId: response.command_id });
      for (const { question, settle } of [...(same ?? [])]) settle(unreadable(question, payload, response) ?? response);
    } catch (error) {
      this.#parts.hooks.trouble(`reading an answer on ${this.channel}`, error);
    }
  }
}

/** The error of an answer that is too large to be read. The command has run: whoever is told that it was not sent would send it again. */
function unread({ descriptor: { type }, target }: Question, error: MessageTooLargeError): CommandFailedError {
  const { message, code } = error.of(`the stored answer of ${target} to ${type}`);
  return new CommandFailedError(type, target, `${message}; the command has run`, code);
}

/** The error of an answer with a number that would become another one. */
function unreadable({ descriptor, target }: Question, payload: string, response: Response): DecodeError | undefined {
  const inexact = inexactIn(payload, response);
  if (inexact === undefined) return undefined;
  const place = placeIn(inexact.keys, descriptor);
  return new DecodeError(`the answer of ${target} to ${descriptor.type}: ${place} ${inexact.message}`);
}

/**
 * The result of an answer; a promise only where a key has to be fetched.
 *
 * @throws {CommandFailedError} when the answer is a failure, {ContractError} when its result breaks the contract
 */
function resultOf({ descriptor, target }: Question, response: Response, sealing: Sealing | undefined): unknown {
  if (!response.success) throw new CommandFailedError(descriptor.type, target, response.error, response.error_code);
  const contract = contractOf(descriptor);
  const judged = (result: unknown): unknown => {
    const issues = contract.receivedResultViolations(result);
    if (issues !== undefined) throw new ContractError(`the answer of ${target} to ${descriptor.type}`, issues, true);
    return result;
  };
  if (contract.sealedResult === undefined) return judged(response.result);
  const opened = contract.sealedResult.open(response.result as PlainMessage, response.command_id, sealing);
  return opened instanceof Promise ? opened.then(judged) : judged(opened);
}
