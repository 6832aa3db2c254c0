// contract/ describes messages, checks them, and writes and reads them on the wire. It may import errors.ts alone.
import { ContractError, type Issue, MessageTooLargeError } from "../errors.js";
import { bytesAtMost } from "./bytes-at-most.js";
import { mayGenerateCode } from "./checks.js";
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
import type { CommandDescriptor, Descriptor, Encoding } from "./descriptor.js";
import { type Field, type Fields, fieldsOf, getOwn, setOwn } from "./field.js";
import { type Check, compileReader, compileWriter } from "./validation.js";

const NO_ISSUES: readonly Issue[] = [];

/** Writes messages of one descriptor strictly and reads them tolerantly. Each part is compiled at its first use. */
export class Contract {
  readonly type: string;
  readonly fields: Fields;
  readonly #descriptor: Descriptor;
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
    return layoutOf(this.fields, encoding);
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
    this.#check(message, encoding);
    return this.encode(message, encoding, mostBytes);
  }

  /** Checks as {@link write} does, so that {@link encode} cannot fail afterwards. Throws as {@link write} */
  assertWritable(message: PlainMessage, encoding: Encoding, mostBytes: number = Number.POSITIVE_INFINITY): void {
    this.#check(message, encoding);
    if (!(bytesAtMost(message) <= mostBytes)) this.encode(message, encoding, mostBytes);
  }

  /**
   * Writes a checked message.
   * @throws {ContractError} when an open part of it cannot be written as JSON, or a number would become another one
   * @throws {MessageTooLargeError} when the entry has more than so many bytes
   */
  encode(message: PlainMessage, encoding: Encoding, mostBytes: number = Number.POSITIVE_INFINITY): string[] {
    let entry: string[];
    try {
      entry = encode(message, this.type, this.fields, encoding);
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

  #check(message: PlainMessage, encoding: Encoding): void {
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

  /** Decodes an entry and checks it tolerantly. Throws as {@link decode} and {@link assertReadable} do. */
  read(entry: FlatFields): PlainMessage {
    const message = this.decode(entry);
    this.assertReadable(message);
    return message;
  }

  /** Reads a Pub/Sub payload and checks it tolerantly. Throws as {@link read} does. */
  readPayload(payload: string): PlainMessage {
    let isReadable = false;
    const message = decodePayload(payload, this.fields, (written) => {
      isReadable = this.readerViolations(written) === undefined;
      return isReadable;
    });
    if (!isReadable) this.assertReadable(message);
    return message;
  }

  /** Decodes an entry in either encoding without checking it. @throws {DecodeError} when that is not possible */
  decode(entry: FlatFields): PlainMessage {
    return decode(entry, this.fields);
  }

  /** @throws {ContractError} with the first issue, when a decoded message breaks the contract */
  assertReadable(message: PlainMessage): void {
    const issues = this.readerViolations(message);
    if (issues !== undefined) throw new ContractError(this.type, issues, true);
  }

  /** The first issue that a reader finds; `undefined` for a message that it takes. */
  readerViolations(message: unknown): readonly Issue[] | undefined {
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

const contracts = new WeakMap<Descriptor, Contract>();

/** The contract of a descriptor, kept for as long as the descriptor lives. */
export function contractOf(descriptor: Descriptor): Contract {
  const known = contracts.get(descriptor);
  if (known !== undefined) return known;
  const contract = new Contract(descriptor);
  contracts.set(descriptor, contract);
  return contract;
}

/** A field has its publisher's value, else the constant, else the value that the runtime fills in, else the default. */
export type Composer = (given: PlainMessage, filled: PlainMessage) => PlainMessage;

/**
 * Compiles one line of code for each field, in the contract's order. A loop over the names takes twice as long, because
 * V8 cannot tell the fields apart. Undeclared properties are kept, for the check to report.
 */
export function compileComposer({ list, byName }: Fields): Composer {
  const composeDeclared = mayGenerateCode() ? compiledComposer(list) : loopingComposer(list);
  return (given, filled) => {
    const message = composeDeclared(given, filled);
    for (const name of Object.keys(given)) {
      if (!byName.has(name) && given[name] !== undefined) setOwn(message, name, given[name]);
    }
    return message;
  };
}

function compiledComposer(list: Fields["list"]): Composer {
  const source = `"use strict"; return (given, filled) => { const message = {}; let value; ${list.map(line).join(" ")} return message; };`;
  return new Function("fields", "getOwn", "setOwn", source)(list, getOwn, setOwn) as Composer;
}

/** The same by a loop, for where code generation from strings is off. */
function loopingComposer(list: Fields["list"]): Composer {
  return (given, filled) => {
    const message: PlainMessage = {};
    for (const { name, constant, default: byDefault } of list) {
      const own = getOwn(given, name);
      const value = own === undefined ? (constant ?? getOwn(filled, name) ?? byDefault) : own;
      if (value !== undefined) setOwn(message, name, value);
    }
    return message;
  };
}

/** Text of a schema enters the code as a string literal only. */
function line({ name, constant, default: byDefault }: Field, at: number): string {
  const key = JSON.stringify(name);
  // Every object has such a property, and to set `__proto__` sets something else.
  const isInherited = name in Object.prototype;
  const of = (object: string): string => (isInherited ? `getOwn(${object}, ${key})` : `${object}[${key}]`);
  const set = isInherited ? `setOwn(message, ${key}, value)` : `message[${key}] = value`;
  const present = constant === undefined ? of("filled") : `fields[${at}].constant ?? ${of("filled")}`;
  const otherwise = byDefault === undefined ? present : `${present} ?? fields[${at}].default`;
  return `value = ${of("given")}; if (value === undefined) value = ${otherwise}; if (value !== undefined) ${set};`;
}
