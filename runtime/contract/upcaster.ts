import type { Descriptor } from "./descriptor.js";

type Common = "id" | "timestamp" | "source_service" | "correlation_id" | "metadata" | "type";

/**
 * What an upcast message keeps of the old one, by kind: its identity, what it belongs to and where it goes. The names with
 * which the new contract has a constant of its own, such as `event_type`, have that. The kinds that are missing cannot be
 * upcast: a command is answered by its own type, and a health message names no type.
 */
interface Kept {
  readonly event: Common | "event_type" | "entity_type" | "entity_id" | "company_id" | "user_id";
  readonly notification:
    | Common
    | "notification_type"
    | "target_user_id"
    | "target_company_id"
    | "channel"
    | "expires_at";
}

const common = ["id", "timestamp", "source_service", "correlation_id", "metadata", "type"] as const;

/** The names of {@link Kept}. */
export const keptFields: { readonly [Kind in keyof Kept]: readonly Kept[Kind][] } = {
  event: [...common, "event_type", "entity_type", "entity_id", "company_id", "user_id"],
  notification: [...common, "notification_type", "target_user_id", "target_company_id", "channel", "expires_at"],
};

/** The part of a message that an upcaster makes: all but what is kept. */
export type Upcasted<Message, Kind extends keyof Kept> = Omit<Message, Kept[Kind]>;

/** Makes messages of a new type from messages of an old one. Pass it to `createMessaging({ upcasters: [...] })`. */
export interface Upcaster {
  readonly from: Descriptor;
  readonly to: Descriptor;
  readonly upcast: (old: never) => unknown;
}

/**
 * Declares how a message of an old type becomes one of a new type. A service with this upcaster receives messages of the
 * old type in the handlers of the new one. Id, time, source, correlation, metadata, entity, company and user stay those of
 * the old message. The function gives the rest. It must be pure and total: it is called again at each delivery, and a
 * message for which it throws, or gives what breaks the new contract, becomes a dead letter (`UPCAST_FAILED`).
 *
 * Commands cannot be upcast: the sender waits for the result of the old type, which the handler of the new one does not
 * return. Handle both types, and let one handler call the other.
 * @example
 * const upcastOrderPlaced = upcaster(orderPlaced, orderPlacedV2, (old) => ({
 *   ...old,
 *   after_data: { ...old.after_data, currency: "EUR" },
 * }));
 * await using messaging = createMessaging({ service: "billing", upcasters: [upcastOrderPlaced] });
 */
export function upcaster<Kind extends keyof Kept, Old, New>(
  from: Descriptor<Old> & { readonly kind: Kind },
  to: Descriptor<New> & { readonly kind: NoInfer<Kind> },
  upcast: (old: Old) => NoInfer<Upcasted<New, Kind>>,
): Upcaster {
  return { from, to, upcast };
}
