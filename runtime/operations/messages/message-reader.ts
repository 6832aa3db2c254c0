import { addedAt } from "../../broker/entry-id.js";
import type { LogEntry } from "../../broker/log.js";
import { type FlatFields, type PlainMessage, textReader, typeOf } from "../../contract/codec.js";
import { companyOf } from "../../contract/company.js";
import { contractOf } from "../../contract/contract.js";
import type { Descriptor, MessageKind } from "../../contract/descriptor.js";
import { maskedValue } from "../../contract/masked-value.js";
import { DecodeError } from "../../errors.js";

/** A message as an operator may see it. */
export interface ShownMessage {
  /** The entry's id. */
  readonly id: string;
  /** The stream's name without the environment's prefix. */
  readonly stream: string;
  /** When it was added, by the clock of Redis. */
  readonly at: string;
  /** `undefined` for a health message, and for an entry that names no type. */
  readonly type: string | undefined;
  /** `undefined` for a type that the catalogue does not describe. */
  readonly kind: MessageKind | undefined;
  /** How many bytes the entry's names and values have. */
  readonly bytes: number;
  readonly messageId: string | undefined;
  readonly source: string | undefined;
  readonly correlationId: string | undefined;
  /** As `user:123`, for an event. */
  readonly entity: string | undefined;
  readonly company: string | undefined;
  /** The decoded message, if it could be decoded. */
  readonly message: PlainMessage | undefined;
  /** The entry's names and values in turn, of a message that is shown whole although it could not be decoded. */
  readonly fields: FlatFields | undefined;
  /** The names of the entry's fields with the bytes of each value, of one that could not be decoded and is not shown. */
  readonly sizes: Readonly<Record<string, number>> | undefined;
  /** The paths to what is masked in `message`. */
  readonly masked: readonly string[];
  /** Why it could not be decoded. */
  readonly problem: string | undefined;
}

type Content = Pick<ShownMessage, "message" | "fields" | "sizes" | "masked" | "problem">;

const NOTHING: Content = { message: undefined, fields: undefined, sizes: undefined, masked: [], problem: undefined };

/** Settings of a reader. */
export interface ReaderOptions {
  /** Show sensitive values, and messages that the catalogue does not describe. @defaultValue false */
  readonly unmasked?: boolean;
}

/** Reads entries by a catalogue, for people. It never throws: an entry may hold anything. */
export class MessageReader {
  readonly #descriptors: readonly Descriptor[];
  readonly #byType = new Map<string, readonly Descriptor[]>();
  readonly #isWhole: boolean;

  constructor(descriptors: readonly Descriptor[], { unmasked = false }: ReaderOptions = {}) {
    this.#descriptors = descriptors;
    for (const each of descriptors) this.#byType.set(each.type, [...(this.#byType.get(each.type) ?? []), each]);
    this.#isWhole = unmasked;
  }

  /** The contract of an entry, if there is one. The stream decides between kinds with the same type. */
  descriptorOf(fields: FlatFields, stream: string): Descriptor | undefined {
    const type = typeOf(fields);
    if (type === undefined) return this.#descriptors.find((each) => each.kind === "health" && each.stream === stream);
    const named = this.#byType.get(type) ?? [];
    return named.find((each) => each.stream === stream) ?? named[0];
  }

  /** @param stream - its name without the environment's prefix */
  read({ id, fields, oversizedBytes }: LogEntry, stream: string): ShownMessage {
    const descriptor = this.descriptorOf(fields, stream);
    const decoded = this.#decoded(descriptor, fields, oversizedBytes);
    const { message } = decoded;
    // What a contract describes may be masked; of an unknown type the envelope tells where it comes from, and no more.
    const textOf = textReader(fields);
    const text = (name: string): string | undefined =>
      message === undefined ? textOf(name) : shownText(message[name]);
    const [entityType, entityId] = ["entity_type", "entity_id"].map((name) => shownText(message?.[name]));
    return {
      ...{ id, stream, at: new Date(addedAt(id)).toISOString(), type: typeOf(fields), kind: descriptor?.kind },
      bytes: oversizedBytes ?? fields.reduce((sum, each) => sum + Buffer.byteLength(each), 0),
      messageId: text("id"),
      source: text("source_service") ?? text("service_name"),
      correlationId: text("correlation_id"),
      entity: entityId && [entityType ?? [], entityId].flat().join(":"),
      company: descriptor && message && shownText(companyOf(descriptor.kind, message)),
      ...decoded,
    };
  }

  #decoded(descriptor: Descriptor | undefined, fields: FlatFields, oversizedBytes: number | undefined): Content {
    if (oversizedBytes !== undefined)
      return this.#undecoded(fields, "is larger than MESSAGE_MAX_BYTES: it was not read whole");
    if (descriptor === undefined) return this.#undecoded(fields, "is of a type that the catalogue does not describe");
    try {
      const message = contractOf(descriptor).decode(fields);
      if (this.#isWhole) return { ...NOTHING, message };
      const { value, masked } = maskedValue(descriptor.schema, message);
      return { ...NOTHING, message: value as PlainMessage, masked };
    } catch (error) {
      if (error instanceof DecodeError) return this.#undecoded(fields, `cannot be read: ${error.message}`);
      // It is nested deeper than this process can follow.
      if (error instanceof RangeError) return this.#undecoded(fields, "cannot be read: it is nested too deeply");
      throw error;
    }
  }

  #undecoded(fields: FlatFields, problem: string): Content {
    return this.#isWhole ? { ...NOTHING, fields, problem } : { ...NOTHING, sizes: sizesOf(fields), problem };
  }
}

/** The two fields of the `json` encoding hold what any number of fields do. */
function sizesOf(fields: FlatFields): Readonly<Record<string, number>> {
  const sizes = new Map<string, number>();
  for (let at = 0; at < fields.length; at += 2) {
    sizes.set(fields[at] as string, Buffer.byteLength(fields[at + 1] ?? ""));
  }
  return Object.fromEntries(sizes);
}

function shownText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) || undefined : undefined;
}
