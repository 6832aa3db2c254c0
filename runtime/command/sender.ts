// command/ sends and answers commands. It may import publish/, handle/ and what they may import.
import { contractOf } from "../contract/contract.js";
import type { CommandDescriptor, Descriptor } from "../contract/descriptor.js";
import { MOST_TIMEOUT_SECONDS, timeoutSecondsOf } from "../contract/time-limit.js";
import { ClosedError, ContractError } from "../errors.js";
import type { Published } from "../messaging/publisher.js";
import type { SendOptions, TellOptions } from "../messaging/sender.js";
import type { MessagePublisher } from "../publish/publisher.js";
import { SENT_ONCE } from "./command.js";
import type { Requester } from "./requester.js";

/** Publishes commands, and waits for the answers to those that are sent. */
export class CommandSender {
  readonly #publisher: MessagePublisher;
  readonly #streamOf: (descriptor: Descriptor) => string;
  readonly #createRequester: () => Requester;
  #requester: Requester | undefined;
  #isClosed = false;

  /** @param createRequester - called at the first `send`: it needs a connection that subscribes */
  constructor(
    publisher: MessagePublisher,
    streamOf: (descriptor: Descriptor) => string,
    createRequester: () => Requester,
  ) {
    this.#publisher = publisher;
    this.#streamOf = streamOf;
    this.#createRequester = createRequester;
  }

  /** The time limit and the signal count from this call on. */
  async send(descriptor: CommandDescriptor, payload: unknown, options: SendOptions): Promise<unknown> {
    const command = descriptor as unknown as Descriptor;
    if (this.#isClosed) throw this.#publisher.failed(command, new ClosedError("cannot send"));
    this.#requester ??= this.#createRequester();
    const requester = this.#requester;
    const id = options.id ?? crypto.randomUUID();
    const given = {
      payload,
      target_service: options.targetService,
      timeout: options.timeoutSeconds,
      reply_to: requester.channel,
      metadata: options.id === undefined && contractOf(command).hasOpenMetadata ? SENT_ONCE : undefined,
    };
    const { target_service: service } = descriptor.schema.properties ?? {};
    const target = String(options.targetService ?? service?.default ?? service?.const ?? "the target service");
    const seconds = timeoutSecondsOf(descriptor, options.timeoutSeconds);
    if (seconds > MOST_TIMEOUT_SECONDS) {
      const message = `must be at most ${MOST_TIMEOUT_SECONDS} seconds (30 days), got ${seconds}`;
      throw this.#publisher.failed(command, new ContractError(descriptor.type, [{ path: "timeout", message }]));
    }
    const timeoutMs = seconds * 1000;
    const question = { id, descriptor, target, stream: this.#streamOf(command), timeoutMs, signal: options.signal };
    const { correlationId, withoutCompany = false } = options;
    return requester.ask(question, (isWanted) => {
      const own = { id, withoutCompany, isWanted, ...(correlationId === undefined ? {} : { correlationId }) };
      // Its answer tells that it was handled, and the time limit that it may be lost.
      const publishing = { ...own, durability: "stored" } as const;
      const publish = (): Promise<unknown> => this.#publisher.publish(command, given, publishing);
      if (requester.isListening) return publish();
      return this.#listen(requester, command).then(() => (isWanted() ? publish() : undefined));
    });
  }

  /** A command whose answer could not arrive is not published. The hooks are told of it like of a failed publish. */
  async #listen(requester: Requester, command: Descriptor): Promise<void> {
    try {
      await requester.listen();
    } catch (thrown) {
      throw this.#publisher.failed(command, thrown);
    }
  }

  tell(descriptor: Descriptor, payload: unknown, { targetService, ...options }: TellOptions): Promise<Published> {
    return this.#publisher.publish(descriptor, { payload, target_service: targetService }, options);
  }

  /** Ends every wait for an answer, and sends nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#requester?.close();
  }
}
