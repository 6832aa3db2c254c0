import { type PlainMessage, typeOf } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { maskedValue } from "../contract/masked-value.js";
import { hasMark } from "../contract/sensitive.js";
import { DecodeError, type Issue } from "../errors.js";
import type { DeadLetter } from "./letter-settler.js";

/** What a dead letter's entry says, for an operator to read. */
export interface LetterMessage {
  /** The contract of its type; `undefined` if the catalogue has none. */
  readonly descriptor: Descriptor | undefined;
  /** The message, with `…` in place of what its contract marks as sensitive or does not describe; `undefined` if it cannot be read. */
  readonly message: PlainMessage | undefined;
  /** What its readers find wrong with it. */
  readonly issues: readonly Issue[];
  /** Whether its entry may be shown as it is: its contract marks nothing as sensitive, or it states no type. */
  readonly isPublic: boolean;
}

/**
 * Reads what a dead letter holds by the contracts of a catalogue. An entry may be anything, so the message may break its
 * contract.
 *
 * @example
 * await using operations = new Operations();
 * for await (const letter of operations.deadLetters.list("events")) {
 *   const { message, issues } = readLetter(letter, [userCreated]);
 *   console.log(letter.id, message, issues);
 * }
 */
export function readLetter(
  letter: Pick<DeadLetter, "original" | "type" | "stream">,
  descriptors: readonly Descriptor[],
): LetterMessage {
  const entry = letter.original.map(String);
  const type = typeOf(entry) ?? letter.type;
  const [, main = letter.stream] = /^\{(.*)\}:redrive:/s.exec(letter.stream) ?? [];
  const named = descriptors.filter((each) => each.kind !== "health" && each.type === type);
  // Two kinds may have a type of the same name.
  const descriptor = named.find(({ stream }) => main === stream || main.endsWith(`:${stream}`)) ?? named[0];
  const isPublic = descriptor === undefined ? type === undefined : !hasMark(descriptor.schema, [descriptor.schema]);
  if (descriptor === undefined || entry.length === 0) return { descriptor, message: undefined, issues: [], isPublic };
  const contract = contractOf(descriptor);
  try {
    const message = contract.decode(entry);
    const issues = contract.wire.readerViolations(message) ?? [];
    return { descriptor, message: maskedValue(descriptor.schema, message).value as PlainMessage, issues, isPublic };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { descriptor, message: undefined, issues: [{ path: "", message: error.message }], isPublic };
  }
}
