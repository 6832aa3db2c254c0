import { decode, decodePayload, encode, type PlainMessage } from "../../runtime/contract/codec.js";
import { areEqual } from "../../runtime/contract/equal.js";
import type { Fields } from "../../runtime/contract/field.js";
import type { Message, Model } from "../model/model.js";
import { isObject } from "../schema/walk.js";

/** What is wrong with a value, and the keys to its place. */
export interface Finding {
  readonly keys: readonly string[];
  readonly sentence: string;
}

/** What a passage needs to know of a type. */
export interface Contract {
  readonly type: string;
  readonly fields: Fields;
  /** Whether its readers take a value. */
  readonly isReadable: (message: PlainMessage) => boolean;
}

/** A way that a message takes from its publisher to its readers. */
interface Passage {
  readonly name: string;
  readonly pass: (message: PlainMessage, contract: Contract) => PlainMessage;
}

const asJson: Passage = {
  name: 'in the encoding "json"',
  pass: (message, { type, fields }) => decode(encode(message, type, fields, "json"), fields),
};
const asFields: Passage = {
  name: 'in the encoding "fields"',
  pass: (message, { type, fields }) => decode(encode(message, type, fields, "fields"), fields),
};
/** A notification is announced to its listeners, besides, with the id of its entry. */
const announced: Passage = {
  name: "by a listener of notifications",
  pass: (message, { fields, isReadable }) => {
    const payload = JSON.stringify({ ...message, entry_id: "1-0" });
    const { entry_id: _, ...read } = decodePayload(payload, fields, isReadable);
    return read;
  },
};

/** More of a value is not shown. */
const LONGEST = 80;

/** The ways that a kind of message takes in a catalogue. */
export function passagesOf({ kind }: Message, { config }: Model): readonly Passage[] {
  return [
    asJson,
    ...(config.encoding === "fields" ? [asFields] : []),
    ...(kind.kind === "notification" ? [announced] : []),
  ];
}

/** What is wrong with what arrives of a message, if it is not the message. */
export function misreading(message: PlainMessage, contract: Contract, { name, pass }: Passage): Finding | undefined {
  let read: PlainMessage;
  try {
    read = pass(message, contract);
  } catch (error) {
    return {
      keys: [],
      sentence: `what is written of ${shown(message)} is not read ${name}: ${(error as Error).message}`,
    };
  }
  const keys = differenceOf(message, read);
  if (keys === undefined) return undefined;
  const [written, found] = [message, read].map((value) => shown(keys.reduce<unknown>(within, value)));
  return { keys, sentence: `${written} is written, and ${found} is read ${name}` };
}

/** The keys to the first place where two values differ. */
function differenceOf(one: unknown, other: unknown): readonly string[] | undefined {
  if (areEqual(one, other)) return undefined;
  if (!isContainer(one) || !isContainer(other) || Array.isArray(one) !== Array.isArray(other)) return [];
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const difference = differenceOf(within(one, name), within(other, name));
    if (difference !== undefined) return [name, ...difference];
  }
  return [];
}

function within(value: unknown, key: string): unknown {
  return isContainer(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) || Array.isArray(value);
}

/** A value as JSON, as far as it is short. */
export function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
