import type { Span } from "@opentelemetry/api";
import type { Descriptor } from "../../contract/descriptor.js";
import { maskedOf } from "../../contract/sensitive.js";
import { CONVERSATION_ID, MESSAGE_ID } from "./convention.js";

/** Ids that are longer are cut: whoever writes a message chooses its correlation id. */
const LONGEST = 128;

/** Says which ids of a type's messages may be shown: not those that its schema marks as sensitive. */
export class Identity {
  readonly #showsId: boolean;
  readonly #showsCorrelation: boolean;

  constructor({ schema }: Descriptor) {
    this.#showsId = !maskedOf(schema, ["id"], false).isSensitive;
    this.#showsCorrelation = !maskedOf(schema, ["correlation_id"], false).isSensitive;
  }

  /** Notes on a span the ids that a message has and that may be shown. */
  note(span: Span, id: unknown, correlationId: unknown): void {
    if (this.#showsId && typeof id === "string") span.setAttribute(MESSAGE_ID, id.slice(0, LONGEST));
    if (this.#showsCorrelation && typeof correlationId === "string") {
      span.setAttribute(CONVERSATION_ID, correlationId.slice(0, LONGEST));
    }
  }
}
