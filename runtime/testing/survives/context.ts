import type { MessageKind } from "../../contract/descriptor.js";
import type { MessageContext } from "../../messaging/handler.js";
import type { Delivery } from "./parcel.js";

/** The parts of an envelope that a context has. */
interface Envelope {
  readonly id?: string;
  readonly type?: MessageKind;
  readonly event_type?: string;
  readonly command_type?: string;
  readonly notification_type?: string;
  readonly timestamp?: string;
  readonly correlation_id?: string;
}

/** The context of a delivery, as a service's own handlers have it. */
export function contextOf(
  message: Envelope,
  { attempt, redelivered }: Pick<Delivery, "attempt" | "redelivered"> = { attempt: 1, redelivered: false },
  place: Pick<MessageContext, "consumer" | "signal" | "entryId"> = {
    ...{ consumer: "process-1", entryId: "1-0" },
    signal: new AbortController().signal,
  },
  overrides: Partial<MessageContext> = {},
): MessageContext {
  const { id, type: kind = "health", timestamp, correlation_id } = message;
  return {
    ...{ messageId: id, correlationId: correlation_id, kind, attempt, redelivered, ...place },
    type: message.event_type ?? message.command_type ?? message.notification_type ?? "report",
    stream: kind === "health" ? kind : `${kind}s`,
    group: "survives",
    publishedAt: new Date(timestamp ?? 0),
    ...overrides,
  };
}
