import type { Delivery, Outcome } from "../broker/delivery.js";
import { DONE } from "../broker/delivery.js";
import type { FlatFields } from "../contract/codec.js";
import type { Descriptor } from "../contract/descriptor.js";
import { DecodeError, MessageTooLargeError, type MessagingError } from "../errors.js";
import type { Responding } from "./responding.js";

const LEFT = "it was left in its stream; raise that setting in every service that reads it, and redrive it";

export interface RefusalPlace {
  readonly stream: string;
  readonly maxMessageBytes: number;
  /** Whether a command of an unknown type may be for this service, so that its sender waits for an answer. */
  readonly takesCommands: boolean;
}

/** The outcomes of entries that come to no handler, with the answers to those that are commands. */
export class Refusals {
  readonly #place: RefusalPlace;
  readonly #responding: Responding;

  constructor(place: RefusalPlace, responding: Responding) {
    this.#place = place;
    this.#responding = responding;
  }

  /**
   * An unknown type is no error: its producer may be newer, or another member of the group may handle it. A command for
   * this service that no member handles is answered.
   */
  unrouted(type: string | undefined, fields: FlatFields, { oversizedBytes }: Delivery): Outcome {
    if (type === undefined) {
      const names = "event_type, command_type, notification_type, message_type";
      const isWhole = oversizedBytes === undefined;
      const error = isWhole ? new DecodeError(`no field names a message type (${names})`) : this.#sized(oversizedBytes);
      return { kind: "unhandled", type, otherwise: { kind: "dead", error } };
    }
    if (!this.#place.takesCommands) return { kind: "unhandled", type, otherwise: DONE };
    const why = { code: "COMMAND_UNKNOWN", message: `no handler for ${type} here` } as const;
    const answer = this.#responding.refusal(this.#place.stream, fields, why);
    return { kind: "unhandled", type, otherwise: answer === undefined ? DONE : { kind: "done", answer } };
  }

  /** An entry of which only short fields were read ends as a dead letter. */
  tooLarge({ type, kind }: Descriptor, fields: FlatFields, { oversizedBytes }: Delivery): Outcome {
    const error = this.#sized(oversizedBytes ?? 0, type);
    return kind === "command" ? this.answered({ kind: "dead", error }, fields, error) : { kind: "dead", error };
  }

  /** The outcome with the answer to a command that is dead. */
  answered(outcome: Outcome, fields: FlatFields, why: Pick<MessagingError, "message" | "code">): Outcome {
    const answer = this.#responding.refusal(this.#place.stream, fields, why);
    return answer === undefined || outcome.kind !== "dead" ? outcome : { ...outcome, answer };
  }

  #sized(bytes: number, type = "an entry without a known type"): MessageTooLargeError {
    return new MessageTooLargeError(type, bytes, this.#place.maxMessageBytes, LEFT);
  }
}
