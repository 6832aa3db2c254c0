import { ContractError, type Issue } from "../errors.js";
import type { Encoding } from "./catalogue.js";
import { decode, decodePayload, encode, type FlatFields, type Layout, layoutOf, type PlainMessage } from "./codec.js";
import { type Composer, compileComposer } from "./composer.js";
import type { CommandDescriptor, Descriptor } from "./descriptor.js";
import { type Fields, fieldsOf } from "./field.js";
import { type Check, compileReader, compileWriter } from "./validation.js";

/**
 * A descriptor at work: writes strictly, reads tolerantly. Everything is compiled at first use and then kept for as
 * long as the descriptor lives.
 */
export class Contract {
  readonly type: string;
  readonly fields: Fields;
  readonly #descriptor: Descriptor;
  readonly #layouts: { [Name in Encoding]?: Layout } = {};
  #composer: Composer | undefined;
  #writer: Check | undefined;
  #reader: Check | undefined;
  #resultWriter: Check | undefined;
  #resultReader: Check | undefined;

  constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
    this.type = descriptor.type;
    this.fields = fieldsOf(descriptor.schema);
  }

  /**
   * The whole message in the contract's order: what the publisher gave, then constants, what the runtime fills in,
   * and defaults. What is not declared stays, for the check to name.
   *
   * @throws {ContractError} when it is given no object: a caller without types may do that
   */
  compose(given: PlainMessage, filled: PlainMessage): PlainMessage {
    if (typeof given !== "object" || given === null) {
      throw new ContractError(this.type, [{ path: "", message: `must be an object, got ${String(given)}` }]);
    }
    this.#composer ??= compileComposer(this.fields);
    return this.#composer(given, filled);
  }

  /** The names of the fields that {@link write} gives, the same array for every contract with the same ones. */
  layout(encoding: Encoding): Layout {
    this.#layouts[encoding] ??= layoutOf(this.fields, encoding);
    return this.#layouts[encoding];
  }

  /** Whether its metadata is open to what the runtime has to say there. */
  get hasOpenMetadata(): boolean {
    return this.fields.byName.get("metadata")?.isOpen === true;
  }

  /** Every way in which a message that is to be written breaks the contract. */
  violations(message: unknown): readonly Issue[] {
    this.#writer ??= compileWriter(this.#descriptor.schema);
    return this.#writer(message) ?? [];
  }

  /**
   * Checks strictly and writes.
   *
   * @throws {ContractError} with every issue
   */
  write(message: PlainMessage, encoding: Encoding): string[] {
    this.#check(message, encoding);
    return this.encode(message, encoding);
  }

  /**
   * Checks strictly that a message can be written, and so that {@link encode} does not fail.
   *
   * @throws {ContractError} with every issue
   */
  assertWritable(message: PlainMessage, encoding: Encoding): void {
    this.#check(message, encoding);
    for (const { name, kind } of this.fields.list) {
      if (kind === "json" && !hasJson(message[name])) this.encode(message, encoding);
    }
  }

  /**
   * Writes what was checked.
   *
   * @throws {ContractError} when what the contract leaves open has no JSON
   */
  encode(message: PlainMessage, encoding: Encoding): string[] {
    try {
      return encode(message, this.type, this.fields, encoding);
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  /** What is open was not looked into: it may hold itself or a bigint, or be nested thousands deep. */
  #unwritable(error: unknown): ContractError {
    const why = error instanceof RangeError ? "it is nested too deeply" : "it holds a bigint, or itself";
    return new ContractError(this.type, [{ path: "", message: `has no JSON: ${why}` }]);
  }

  #check(message: PlainMessage, encoding: Encoding): void {
    this.#writer ??= compileWriter(this.#descriptor.schema);
    const issues = this.#writer(message);
    if (issues !== undefined) throw new ContractError(this.type, issues);
    if (encoding === "fields") this.#assertWellFormed(message);
  }

  /** A lone surrogate has no UTF-8: as a field's plain text it would arrive as another character. */
  #assertWellFormed(message: PlainMessage): void {
    for (const { name, kind } of this.fields.list) {
      const value = kind === "text" ? message[name] : undefined;
      if (typeof value === "string" && !value.isWellFormed()) {
        throw new ContractError(this.type, [{ path: name, message: "must be well-formed Unicode" }]);
      }
    }
  }

  /**
   * Reads an entry in either encoding and checks it tolerantly.
   *
   * @throws {DecodeError} when it cannot be read, {ContractError} when it breaks the contract
   */
  read(entry: FlatFields): PlainMessage {
    const message = this.decode(entry);
    this.assertReadable(message);
    return message;
  }

  /**
   * Writes what was checked as a Pub/Sub payload: JSON, whatever the encoding of entries is.
   *
   * @throws {ContractError} when what the contract leaves open has no JSON
   */
  writePayload(message: PlainMessage): string {
    try {
      return JSON.stringify(message);
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  /** Reads a Pub/Sub payload and checks it tolerantly. Throws as {@link read} does. */
  readPayload(payload: string): PlainMessage {
    const message = decodePayload(payload, this.fields);
    this.assertReadable(message);
    return message;
  }

  /**
   * Reads an entry in either encoding, its contract not yet checked.
   *
   * @throws {DecodeError} when it cannot be read
   */
  decode(entry: FlatFields): PlainMessage {
    return decode(entry, this.fields);
  }

  /**
   * Checks tolerantly what was decoded.
   *
   * @throws {ContractError} with every issue
   */
  assertReadable(message: PlainMessage): void {
    this.#reader ??= compileReader(this.#descriptor.schema);
    const issues = this.#reader(message);
    if (issues !== undefined) throw new ContractError(this.type, issues, true);
  }

  /** What is wrong with a result that a handler of this command is to answer. */
  resultViolations(result: unknown): readonly Issue[] | undefined {
    this.#resultWriter ??= compileWriter((this.#descriptor as CommandDescriptor).result);
    return this.#resultWriter(result);
  }

  /** What is wrong with a result that another service answered. */
  receivedResultViolations(result: unknown): readonly Issue[] | undefined {
    this.#resultReader ??= compileReader((this.#descriptor as CommandDescriptor).result);
    return this.#resultReader(result);
  }
}

/** Nested deeper than this, a value is not looked into here. */
const DEEP = 8;

/** Whether a value surely has JSON. Where this says no, only trying can tell. */
function hasJson(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (depth === DEEP || "toJSON" in value) return false;
  for (const name in value) if (!hasJson((value as PlainMessage)[name], depth + 1)) return false;
  return true;
}

const contracts = new WeakMap<Descriptor, Contract>();

/** The one contract of a descriptor. */
export function contractOf(descriptor: Descriptor): Contract {
  let contract = contracts.get(descriptor);
  if (contract === undefined) {
    contract = new Contract(descriptor);
    contracts.set(descriptor, contract);
  }
  return contract;
}
