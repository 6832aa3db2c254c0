import type { PlainMessage } from "../../contract/codec.js";
import { contractOf } from "../../contract/contract.js";
import type { Descriptor } from "../../contract/descriptor.js";
import type { Sealing } from "../../contract/sealing.js";
import type { MessageContext } from "../../messaging/handler.js";

type Place = Pick<MessageContext, "messageId">;

/** The answer to a command as its note holds it: what is encrypted on the wire is encrypted there, too. */
export function sealedAnswer(
  descriptor: Descriptor,
  { messageId }: Place,
  answer: unknown,
  sealing: Sealing | undefined,
): unknown {
  const { sealedResult } = contractOf(descriptor);
  return sealedResult === undefined ? answer : sealedResult.seal(answer as PlainMessage, messageId, sealing);
}

/** The answer that a note holds, as the handler returned it. */
export function openedAnswer(
  descriptor: Descriptor,
  { messageId }: Place,
  kept: unknown,
  sealing: Sealing | undefined,
): unknown {
  const { sealedResult } = contractOf(descriptor);
  return sealedResult === undefined ? kept : sealedResult.openKept(kept as PlainMessage, messageId, sealing);
}
