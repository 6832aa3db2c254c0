import { TYPE_FIELD } from "../../contract/codec.js";
import { contractOf } from "../../contract/contract.js";
import type { Catalogue } from "../../contract/descriptor.js";
import type { Sealing } from "../../contract/sealing.js";
import type { RecordedMessage } from "./recording.js";

/** An entry with a recorded message, and its stream; `undefined` for one of a type that is not in the catalogue. */
export async function entryOf(
  { kind, type, message }: RecordedMessage,
  { messages }: Catalogue,
  sealing: Sealing | undefined,
): Promise<{ readonly stream: string; readonly fields: readonly string[] } | undefined> {
  const descriptor = messages.find((each) => each.kind === kind && each.type === type);
  if (descriptor === undefined) return undefined;
  const sealed = await contractOf(descriptor).seal(message, sealing);
  // As JSON and unchecked: its contract is that of the other service, which may know more.
  return { stream: descriptor.stream, fields: [TYPE_FIELD, type, "json", JSON.stringify(sealed)] };
}
