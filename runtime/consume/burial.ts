import type { Delivery, Outcome } from "../broker/delivery.js";
import { typeOf } from "../contract/codec.js";
import { describeFailure } from "../handle/failure.js";
import { identityOf } from "../handle/identity.js";
import { labelsOf } from "../handle/labels.js";
import type { HookEvents } from "../messaging/hooks.js";
import type { ConsumerParts, Work } from "./parts.js";

type Death = Omit<Extract<Outcome, { kind: "dead" }>, "kind">;

/** Returns what moves an entry to the dead letters. The sender of a command is answered before. */
export function burialOf(
  { membership, config, clock, hooks }: ConsumerParts,
  delivery: Delivery,
  { error, answer, mayBeSettled }: Death & { readonly mayBeSettled: boolean },
): Work<void> {
  const described = describeFailure(error, clock.wall());
  const reason = described.code ?? described.name;
  const labels = { ...labelsOf(delivery.fields ?? []), service: config.service, failed_at: described.at, reason };
  const failure = JSON.stringify(described);
  let unsent = answer;
  return async (isRepeated) => {
    if (unsent !== undefined) await membership.answer(unsent, "");
    unsent = undefined;
    const letterId = await membership.bury(delivery, { failure, isContested: isRepeated || mayBeSettled, labels });
    if (letterId === null) hooks.emit("dropped", infoOf(membership, delivery));
    else hooks.emit("deadLettered", { ...infoOf(membership, delivery), error, letterId });
  };
}

/** What hooks are told of a delivery. */
export function infoOf(
  { stream, group }: Pick<ConsumerParts["membership"], "stream" | "group">,
  { id: entryId, fields, attempt }: Delivery,
): HookEvents["dropped"] {
  return { stream, group, entryId, type: typeOf(fields ?? []), ...identityOf(fields), attempt };
}
