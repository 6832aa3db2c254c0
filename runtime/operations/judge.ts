import type { LogEntry } from "../broker/log.js";
import { didYouMean, nearest } from "../config/suggest.js";
import { type FlatFields, type PlainMessage, TYPE_PROPERTIES, typeOf } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { wireForm } from "../contract/encrypt.js";
import type { JsonSchema } from "../contract/json-schema.js";
import { type Check, compileReader } from "../contract/validation.js";
import { DecodeError, type Issue } from "../errors.js";

/** What a reader or a writer says of one message. */
export interface Verdict {
  /** The type that it states; `undefined` if it states none. */
  readonly type: string | undefined;
  /** Whether a contract describes the type. */
  readonly isKnown: boolean;
  /** Every issue; empty for a message that keeps its contract. No sensitive value is repeated. */
  readonly issues: readonly Issue[];
}

/** Settings of a judge. */
export interface JudgeOptions {
  /** Judge as a writer does: undeclared names are refused, formats are exact. @defaultValue false */
  readonly strict?: boolean;
}

/** Tells of messages that others wrote whether the readers of a catalogue would take them. */
export class Judge {
  readonly #descriptors: readonly Descriptor[];
  readonly #byType: ReadonlyMap<string, readonly Descriptor[]>;
  readonly #isStrict: boolean;
  readonly #explaining = new WeakMap<JsonSchema, Check>();

  constructor(descriptors: readonly Descriptor[], { strict = false }: JudgeOptions = {}) {
    this.#descriptors = descriptors;
    const byType = new Map<string, Descriptor[]>();
    for (const descriptor of descriptors) {
      const same = byType.get(descriptor.type);
      if (same === undefined) byType.set(descriptor.type, [descriptor]);
      else same.push(descriptor);
    }
    this.#byType = byType;
    this.#isStrict = strict;
  }

  /**
   * Judges an entry of a stream, in either encoding. The stream's name decides between kinds with the same type. One that is too
   * large is read by nobody.
   */
  entry({ fields: entry, oversizedBytes }: Pick<LogEntry, "fields" | "oversizedBytes">, stream: string): Verdict {
    const type = typeOf(entry);
    if (oversizedBytes !== undefined) {
      const isKnown = type !== undefined && this.#byType.has(type);
      return { ...broken(type, "is larger than MESSAGE_MAX_BYTES, so no service reads it"), isKnown };
    }
    const named = type === undefined ? this.#descriptors : (this.#byType.get(type) ?? []);
    const [first] = named;
    const own = named.find((descriptor) => descriptor.stream === stream);
    const known = type === undefined ? (own?.kind === "health" ? own : undefined) : (own ?? first);
    return this.#verdict(type, known, entry);
  }

  /** Judges a whole message as JSON. */
  json(text: string): Verdict {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return broken(undefined, `is not valid JSON (${text.length} characters)`);
    }
    if (typeof message !== "object" || message === null || Array.isArray(message)) {
      return broken(undefined, "must be an object");
    }
    for (const [kind, property] of Object.entries(TYPE_PROPERTIES)) {
      const type = (message as PlainMessage)[property];
      if (typeof type !== "string") continue;
      const known = this.#descriptors.find((descriptor) => descriptor.kind === kind && descriptor.type === type);
      return this.#verdict(type, known, ["message_type", type, "json", text], true);
    }
    // Health messages have no type: one has at least a property of theirs.
    const names = Object.keys(message);
    const health = this.#descriptors.find(
      (descriptor) =>
        descriptor.kind === "health" && names.some((name) => contractOf(descriptor).fields.byName.has(name)),
    );
    return this.#verdict(undefined, health, ["message_type", "", "json", text]);
  }

  #verdict(
    type: string | undefined,
    descriptor: Descriptor | undefined,
    entry: FlatFields,
    mayBePlain = false,
  ): Verdict {
    if (descriptor !== undefined) return { type, isKnown: true, issues: this.#issues(descriptor, entry, mayBePlain) };
    if (type === undefined) {
      return broken(type, `states no type: it has none of ${Object.values(TYPE_PROPERTIES).join(", ")}`);
    }
    const meant = didYouMean(
      nearest(
        type,
        this.#descriptors.map((known) => known.type),
      ),
    );
    return broken(type, `is of a type that the catalogue does not describe${meant}`);
  }

  #issues(descriptor: Descriptor, entry: FlatFields, mayBePlain: boolean): readonly Issue[] {
    const plain = contractOf(descriptor);
    let contract = plain.wire;
    let message: PlainMessage;
    try {
      message = contract.decode(entry);
    } catch (error) {
      if (error instanceof DecodeError) return [{ path: "", message: `cannot be read: ${error.message}` }];
      throw error;
    }
    // What is encrypted is judged by its form: a judge has no keys. A message in a file may not be encrypted yet.
    if (mayBePlain && plain.sealed?.isPlain(message) === true) contract = plain;
    if (this.#isStrict) return contract.violations(message);
    const first = contract.readerViolations(message);
    if (first === undefined) return [];
    return this.#explanation(contract === plain ? descriptor.schema : wireForm(descriptor.schema))(message) ?? first;
  }

  /** A reader stops at the first issue; whoever mends messages wants all. */
  #explanation(schema: JsonSchema): Check {
    const check = this.#explaining.get(schema) ?? compileReader(schema, undefined, true);
    this.#explaining.set(schema, check);
    return check;
  }
}

function broken(type: string | undefined, message: string): Verdict {
  return { type, isKnown: false, issues: [{ path: "", message }] };
}
