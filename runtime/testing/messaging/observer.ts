import { contractOf } from "../../contract/contract.js";
import type { Catalogue, CommandDescriptor, Descriptor, Publishable } from "../../contract/descriptor.js";
import type { Sealing } from "../../contract/sealing.js";
import { type Chronicle, type ChronicleEntry, type Outcome, streamOf } from "./chronicle.js";
import { historyOf } from "./history.js";
import type { RecordedMessage } from "./recording.js";

/** What a test asks about the messages of one service, or of all services that share a broker. */
export interface Observations {
  /** The name of the service; `undefined` for a broker, which observes all. */
  readonly observed: string | undefined;
  /** The seed of the broker: with it, and the same `startsAt`, a run is the same again. */
  readonly seed: number;
  /**
   * The messages of a type that the service has published, oldest first.
   * @example
   * expect(messaging.published(userCreated)).toHaveLength(1);
   */
  published<Message>(descriptor: Publishable<Message>): readonly Message[];
  /** The commands of a type that the service has sent or told, oldest first. */
  sent<Message>(descriptor: CommandDescriptor<Message>): readonly Message[];
  /** The messages of a type that handlers of the service have handled without an error, oldest first. */
  handled<Message>(descriptor: Descriptor<Message>): readonly Message[];
  /** The messages of a type that the service has moved to the dead letters, oldest first. */
  deadLettered<Message>(descriptor: Descriptor<Message>): readonly Message[];
  /** All messages of the broker in words: which caused which, and what became of each. */
  history(): string;
}

export interface ObserverOptions {
  /** The service. @defaultValue all of them */
  readonly observed?: string;
  /** What reads encrypted values. */
  readonly sealing?: Sealing | undefined;
}

/** Answers from what a broker of tests has noted. */
export class Observer implements Observations {
  readonly seed: number;
  readonly observed: string | undefined;
  readonly #chronicle: Chronicle;
  readonly #sealing: Sealing | undefined;

  constructor(chronicle: Chronicle, seed: number, { observed, sealing }: ObserverOptions = {}) {
    this.#chronicle = chronicle;
    this.#sealing = sealing;
    this.seed = seed;
    this.observed = observed;
  }

  published<Message>(descriptor: Publishable<Message>): readonly Message[] {
    return this.#written(descriptor);
  }

  sent<Message>(descriptor: CommandDescriptor<Message>): readonly Message[] {
    return this.#written(descriptor);
  }

  handled<Message>(descriptor: Descriptor<Message>): readonly Message[] {
    return this.#withOutcome(descriptor, "handled");
  }

  deadLettered<Message>(descriptor: Descriptor<Message>): readonly Message[] {
    return this.#withOutcome(descriptor, "dead");
  }

  history(): string {
    return historyOf(this.#chronicle.entries);
  }

  /** What was published and sent, but for health messages. */
  recorded({ messages }: Catalogue): readonly RecordedMessage[] {
    return this.#chronicle.entries.flatMap((entry) => {
      const descriptor = messages.find((each) => each.kind !== "health" && isOf(entry, each) && isIn(entry, each));
      if (descriptor === undefined) return [];
      const { kind, type } = descriptor;
      return this.#own(this.#decoded(entry, descriptor as Descriptor<RecordedMessage["message"]>)).map((message) => ({
        ...{ kind, type, message },
      }));
    });
  }

  #own<Message>(messages: readonly Message[]): readonly Message[] {
    return messages.filter((message) => this.observed === undefined || sourceOf(message) === this.observed);
  }

  #written<Message>(descriptor: Descriptor<Message>): readonly Message[] {
    return this.#chronicle.entries
      .filter((entry) => isOf(entry, descriptor) && isIn(entry, descriptor))
      .flatMap((entry) => this.#own(this.#decoded(entry, descriptor)));
  }

  /** The message of an entry, or nothing where it is none of the type. What a key would have to be fetched for stays encrypted. */
  #decoded<Message>({ fields }: ChronicleEntry, descriptor: Descriptor<Message>): readonly Message[] {
    const contract = contractOf(descriptor);
    try {
      const message = contract.decode(fields);
      const opened = contract.sealed?.open(message, message["id"], this.#sealing) ?? message;
      return [(opened instanceof Promise ? message : opened) as Message];
    } catch {
      return [];
    }
  }

  #withOutcome<Message>(descriptor: Descriptor<Message>, wanted: Outcome["kind"]): readonly Message[] {
    const isWanted = ({ kind, service }: Outcome): boolean =>
      kind === wanted && (this.observed === undefined || service === this.observed);
    return this.#chronicle.entries
      .filter((entry) => isOf(entry, descriptor) && entry.outcomes.some(isWanted))
      .flatMap((entry) => this.#decoded(entry, descriptor));
  }
}

/** Health messages have no type on the wire, and a stream of their own. */
function isOf(entry: ChronicleEntry, descriptor: Descriptor): boolean {
  return descriptor.kind === "health" ? isIn(entry, descriptor) : entry.type === descriptor.type;
}

/** Whether an entry is in the stream of a type, in any environment, and not in one of redriven entries. */
function isIn(entry: ChronicleEntry, descriptor: Descriptor): boolean {
  const stream = streamOf(entry);
  return stream === descriptor.stream || stream.endsWith(`:${descriptor.stream}`);
}

function sourceOf(message: unknown): unknown {
  const { source_service, service_name } = message as {
    readonly source_service?: unknown;
    readonly service_name?: unknown;
  };
  return source_service ?? service_name;
}
