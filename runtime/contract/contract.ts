// contract/ describes messages, checks them, and writes and reads them on the wire. It may import errors.ts alone.
import { ContractError, type Issue } from "../errors.js";
import { mayGenerateCode } from "./checks.js";
import { decode, decodePayload, encode, type FlatFields, type Layout, layoutOf, type PlainMessage } from "./codec.js";
import type { CommandDescriptor, Descriptor, Encoding } from "./descriptor.js";
import { type Field, type Fields, fieldsOf, setOwn } from "./field.js";
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
      throw new ContractError(this.type, [{ path: "", message: `must be an object, got ${String(given)}` }]);
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

  /** Checks a message strictly and writes it. @throws {ContractError} with every issue */
  write(message: PlainMessage, encoding: Encoding): string[] {
    this.#check(message, encoding);
    return this.encode(message, encoding);
  }

  /** Checks strictly, so that {@link encode} cannot fail afterwards. @throws {ContractError} with every issue */
  assertWritable(message: PlainMessage, encoding: Encoding): void {
    this.#check(message, encoding);
    for (const { name, kind } of this.fields.list) {
      if (kind === "json" && !hasJson(message[name])) this.encode(message, encoding);
    }
  }

  /** Writes a checked message. @throws {ContractError} when an open part of it cannot be written as JSON */
  encode(message: PlainMessage, encoding: Encoding): string[] {
    try {
      return encode(message, this.type, this.fields, encoding);
    } catch (error) {
      throw this.#unwritable(error);
    }
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
    const message = decodePayload(payload, this.fields);
    this.assertReadable(message);
    return message;
  }

  /** Decodes an entry in either encoding without checking it. @throws {DecodeError} when that is not possible */
  decode(entry: FlatFields): PlainMessage {
    return decode(entry, this.fields);
  }

  /** @throws {ContractError} with the first issue, when a decoded message breaks the contract */
  assertReadable(message: PlainMessage): void {
    this.#reader ??= compileReader(this.#descriptor.schema, this.#descriptor.checks?.read);
    const issues = this.#reader(message);
    if (issues !== undefined) throw new ContractError(this.type, issues, true);
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

/** Values nested deeper than this are not inspected. */
const DEEP = 8;

/** True if a value can certainly be written as JSON. False leaves it open. */
function hasJson(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (depth === DEEP || "toJSON" in value) return false;
  for (const name in value) if (!hasJson((value as PlainMessage)[name], depth + 1)) return false;
  return true;
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
  return new Function("fields", source)(list) as Composer;
}

/** The same by a loop, for where code generation from strings is off. */
function loopingComposer(list: Fields["list"]): Composer {
  return (given, filled) => {
    const message: Record<string, unknown> = {};
    for (const { name, constant, default: byDefault } of list) {
      const value = given[name] === undefined ? (constant ?? filled[name] ?? byDefault) : given[name];
      if (value !== undefined) message[name] = value;
    }
    return message;
  };
}

/** Text of a schema enters the code as a string literal only. */
function line({ name, constant, default: byDefault }: Field, at: number): string {
  const key = `[${JSON.stringify(name)}]`;
  const present = constant === undefined ? `filled${key}` : `fields[${at}].constant ?? filled${key}`;
  const otherwise = byDefault === undefined ? present : `${present} ?? fields[${at}].default`;
  return `value = given${key}; if (value === undefined) value = ${otherwise}; if (value !== undefined) message${key} = value;`;
}
