// contract/ describes messages, checks them, and writes and reads them on the wire. It may import errors.ts alone.
import { ContractError, type Issue, MessageTooLargeError } from "../errors.js";
import { bytesAtMost } from "./bytes-at-most.js";
import {
  bytesOf,
  decode,
  decodePayload,
  encode,
  type FlatFields,
  type Layout,
  layoutOf,
  type PlainMessage,
} from "./codec.js";
import { type Composer, compileComposer } from "./composer.js";
import type { CommandDescriptor, Descriptor, Encoding } from "./descriptor.js";
import { erasableForm, wireForm } from "./encrypt.js";
import { type Fields, fieldsOf } from "./field.js";
import { SealedForm } from "./sealed-form.js";
import type { Sealing } from "./sealing.js";
import { type Check, compileReader, compileWriter } from "./validation.js";

const NO_ISSUES: readonly Issue[] = [];

/** Writes messages of one descriptor strictly and reads them tolerantly. Each part is compiled at its first use. */
export class Contract {
  readonly type: string;
  readonly fields: Fields;
  /** How its encrypted parts are sealed and opened; `undefined` if it has none. */
  readonly sealed: SealedForm | undefined;
  /** The same of a command's result. */
  readonly sealedResult: SealedForm | undefined;
  readonly #descriptor: Descriptor;
  #wire: Contract | undefined;
  #erasable: Check | undefined;
  #composer: Composer | undefined;
  #writer: Check | undefined;
  #reader: Check | undefined;
  #resultWriter: Check | undefined;
  #resultReader: Check | undefined;

  constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
    this.type = descriptor.type;
    this.fields = fieldsOf(descriptor.schema);
    this.sealed = SealedForm.of(descriptor.type, descriptor.schema);
    const { result } = descriptor as Partial<CommandDescriptor>;
    this.sealedResult = result && SealedForm.ofResult(descriptor.type, result);
  }

  /**
   * The contract of what is on the wire: for tools that read without keys, and for what is moved as it is. It is the same one
   * if nothing is encrypted.
   */
  get wire(): Contract {
    this.#wire ??= wireContract(this.#descriptor, this);
    return this.#wire;
  }

  /** Composes a message as {@link Composer} says. @throws {ContractError} if a caller without types gives no object */
  compose(given: PlainMessage, filled: PlainMessage): PlainMessage {
    if (typeof given !== "object" || given === null) {
      throw new ContractError(this.type, [
        { path: "", message: `must be an object, got a value of type ${given === null ? "null" : typeof given}` },
      ]);
    }
    this.#composer ??= compileComposer(this.fields);
    return this.#composer(given, filled);
  }

  /** The names of the fields that {@link write} returns. Contracts with the same names share one array. */
  layout(encoding: Encoding): Layout {
    return layoutOf(this.#wireFields, encoding);
  }

  /** True if the runtime may add properties to the metadata. */
  get hasOpenMetadata(): boolean {
    return this.fields.byName.get("metadata")?.isOpen === true;
  }

  /** Every issue of a message that is to be written. */
  violations(message: unknown): readonly Issue[] {
    this.#writer ??= compileWriter(this.#descriptor.schema, this.#descriptor.checks?.write);
    return this.#writer(message) ?? NO_ISSUES;
  }

  /** Checks a message strictly and writes it. Throws as {@link encode} does; a ContractError has every issue */
  write(message: PlainMessage, encoding: Encoding, mostBytes?: number): string[] {
    this.assertKept(message, encoding);
    return this.encode(message, encoding, mostBytes);
  }

  /** Checks as {@link write} does, so that {@link encode} cannot fail afterwards. Throws as {@link write} */
  assertWritable(message: PlainMessage, encoding: Encoding, mostBytes: number = Number.POSITIVE_INFINITY): void {
    this.assertKept(message, encoding);
    // What is encrypted has its size once it is.
    if (this.sealed === undefined && !(bytesAtMost(message) <= mostBytes)) this.encode(message, encoding, mostBytes);
  }

  /**
   * Writes a checked message.
   * @throws {ContractError} when an open part of it cannot be written as JSON, or a number would become another one
   * @throws {MessageTooLargeError} when the entry has more than so many bytes
   */
  encode(message: PlainMessage, encoding: Encoding, mostBytes: number = Number.POSITIVE_INFINITY): string[] {
    let entry: string[];
    try {
      entry = encode(message, this.type, this.#wireFields, encoding);
    } catch (error) {
      throw this.#unwritable(error);
    }
    const bytes = bytesOf(entry, mostBytes);
    if (bytes > mostBytes) throw new MessageTooLargeError(this.type, bytes, mostBytes);
    return entry;
  }

  /** Writes a checked message as a Pub/Sub payload, which is JSON in either encoding. Throws as {@link encode} does. */
  writePayload(message: PlainMessage): string {
    try {
      return JSON.stringify(message);
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  /** Open parts are not checked: they may contain a cycle or a bigint, or be nested thousands deep. */
  #unwritable(error: unknown): ContractError {
    if (error instanceof ContractError) return error;
    const why = error instanceof RangeError ? "it is nested too deeply" : "it contains a bigint or a cycle";
    return new ContractError(this.type, [{ path: "", message: `cannot be written as JSON: ${why}` }]);
  }

  get #wireFields(): Fields {
    return this.sealed === undefined ? this.fields : this.wire.fields;
  }

  /** @throws {ContractError} with every issue of a message that is to be written */
  assertKept(message: PlainMessage, encoding: Encoding): void {
    const issues = this.violations(message);
    if (issues.length > 0) throw new ContractError(this.type, issues);
    if (encoding === "json") return;
    for (const { name, kind } of this.fields.list) {
      const value = kind === "text" ? message[name] : undefined;
      // UTF-8 has no lone surrogates: in a text field one would arrive as another character.
      if (typeof value === "string" && !value.isWellFormed()) {
        throw new ContractError(this.type, [{ path: name, message: "must be well-formed Unicode" }]);
      }
    }
  }

  /** Puts ciphertexts in the place of what is encrypted of a checked message. Throws as {@link SealedForm.seal} */
  seal(message: PlainMessage, sealing: Sealing | undefined): PlainMessage | Promise<PlainMessage> {
    return this.sealed === undefined ? message : this.sealed.seal(message, message["id"], sealing);
  }

  /** Reads what is encrypted of a decoded message, and checks it. Throws as {@link SealedForm.open} and {@link assertReadable} */
  open(message: PlainMessage, sealing: Sealing | undefined): PlainMessage | Promise<PlainMessage> {
    const opened = this.sealed === undefined ? message : this.sealed.open(message, message["id"], sealing);
    if (opened instanceof Promise) return opened.then((whole) => this.#readable(whole));
    return this.#readable(opened);
  }

  /** @throws as {@link assertReadable} */
  #readable(message: PlainMessage): PlainMessage {
    this.assertReadable(message);
    return message;
  }

  /** Decodes an entry and checks it tolerantly. Throws as {@link decode} and {@link assertReadable} do. */
  read(entry: FlatFields): PlainMessage {
    const message = this.decode(entry);
    this.assertReadable(message);
    return message;
  }

  /** Reads a Pub/Sub payload and checks it tolerantly, as it is on the wire. Throws as {@link read} does. */
  readPayload(payload: string): PlainMessage {
    const { wire } = this;
    let isReadable = false;
    const message = decodePayload(payload, wire.fields, (written) => {
      isReadable = wire.readerViolations(written) === undefined;
      return isReadable;
    });
    if (!isReadable) wire.assertReadable(message);
    return message;
  }

  /** Decodes an entry in either encoding without checking it. @throws {DecodeError} when that is not possible */
  decode(entry: FlatFields): PlainMessage {
    return decode(entry, this.#wireFields);
  }

  /** @throws {ContractError} with the first issue, when a decoded message breaks the contract */
  assertReadable(message: PlainMessage): void {
    const issues = this.readerViolations(message);
    if (issues !== undefined) throw new ContractError(this.type, issues, true);
  }

  /** The first issue that a reader finds; `undefined` for a message that it takes. */
  readerViolations(message: unknown): readonly Issue[] | undefined {
    const erased = this.sealed?.withErasedText(message);
    if (erased !== undefined) {
      this.#erasable ??= compileReader(erasableForm(this.#descriptor.schema));
      return this.#erasable(erased);
    }
    this.#reader ??= compileReader(this.#descriptor.schema, this.#descriptor.checks?.read);
    return this.#reader(message);
  }

  /** The issues of a result that this command's handler returned. */
  resultViolations(result: unknown): readonly Issue[] | undefined {
    this.#resultWriter ??= compileWriter(
      (this.#descriptor as CommandDescriptor).result,
      this.#descriptor.checks?.writeResult,
    );
    return this.#resultWriter(result);
  }

  /** The issues of a result that another service answered. */
  receivedResultViolations(result: unknown): readonly Issue[] | undefined {
    this.#resultReader ??= compileReader(
      (this.#descriptor as CommandDescriptor).result,
      this.#descriptor.checks?.readResult,
    );
    return this.#resultReader(result);
  }
}

function wireContract(descriptor: Descriptor, contract: Contract): Contract {
  if (contract.sealed === undefined && contract.sealedResult === undefined) return contract;
  const { result } = descriptor as Partial<CommandDescriptor>;
  const onWire = { schema: wireForm(descriptor.schema), checks: undefined };
  return new Contract({ ...descriptor, ...onWire, ...(result && { result: wireForm(result) }) } as Descriptor);
}

const contracts = new WeakMap<Descriptor, Contract>();

/** The contract of a descriptor, kept for as long as the descriptor lives. */
export function contractOf(descriptor: Descriptor): Contract {
  const known = contracts.get(descriptor);
  if (known !== undefined) return known;
  const contract = new Contract(descriptor);
  contracts.set(descriptor, contract);
  return contract;
}
