import type { PlainMessage } from "../../runtime/contract/codec.js";
import { type Contract, contractOf } from "../../runtime/contract/contract.js";
import type { CommandDescriptor, Descriptor, Encoding } from "../../runtime/contract/descriptor.js";
import { areEqual } from "../../runtime/contract/equal.js";
import { formats } from "../../runtime/contract/format.js";
import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import { type Check, closeSchema, compileReader } from "../../runtime/contract/validation.js";
import { ContractError, DecodeError, type Issue } from "../../runtime/errors.js";
import { type Decision, decides } from "./decision.js";

/** A way from a writer to a reader: an entry in one of the encodings, a live notification, or the answer to a command. */
export type Channel = Encoding | "live" | "answer";

/** The part of a contract that is compared: the message, or the result of a command. */
export type Part = "message" | "result";

/** What a reader does with a value that a writer may write. */
export interface Outcome {
  /** The issues that keep the reader from taking it, by channel. */
  readonly refused: readonly { readonly channel: Channel; readonly issues: readonly Issue[] }[];
  /** Properties that the reader takes for another value than the writer's own version does. */
  readonly changed: readonly { readonly channel: Channel; readonly name: string }[];
  /** The message as the reader hands it over, by the first channel. */
  readonly read: unknown;
}

/** Takes values from a writer of one version to a reader of another, as the runtime does. */
export class Trial {
  readonly #writer: Contract;
  readonly #reader: Contract;
  readonly #part: Part;
  readonly #channels: readonly Channel[];
  readonly #explain: Check;
  readonly #mayWrite: Decision;

  /** @param encodings - in which the writer may write */
  constructor(writer: Descriptor, reader: Descriptor, part: Part, encodings: readonly Encoding[]) {
    this.#writer = contractOf(writer);
    this.#reader = contractOf(reader);
    this.#part = part;
    const live: readonly Channel[] = writer.kind === "notification" ? ["live"] : [];
    this.#channels = part === "result" ? ["answer"] : [...encodings, ...live];
    this.#explain = compileReader(schemaOf(reader, part), undefined, true);
    this.#mayWrite = decides(writtenSchemaOf(writer, part), formats);
  }

  /** The outcome for a value; `undefined` if the writer may not write it, or its own version could not read it. */
  run(value: unknown): Outcome | undefined {
    if (!this.#mayWrite(value)) return undefined;
    if (this.#part === "result") return this.#answer(value);
    const message = value as PlainMessage;
    if (typeof value !== "object" || value === null || this.#writer.violations(message).length > 0) return undefined;
    const refused: { channel: Channel; issues: readonly Issue[] }[] = [];
    const changed: { channel: Channel; name: string }[] = [];
    let read: unknown;
    for (const channel of this.#channels) {
      const own = received(() => this.#receive(this.#writer, message, channel));
      if (!("message" in own) || this.#writer.readerViolations(own.message) !== undefined) continue;
      const theirs = received(() => this.#receive(this.#reader, message, channel));
      if (!("message" in theirs)) refused.push({ channel, issues: theirs.issues });
      else if (this.#reader.readerViolations(theirs.message) !== undefined) {
        refused.push({ channel, issues: this.#explain(theirs.message) ?? [] });
      } else {
        read ??= theirs.message;
        const names = this.#reader.fields.list
          .map(({ name }) => name)
          .filter((name) => this.#writer.fields.byName.has(name));
        for (const name of names) {
          if (!isKept(own.message[name], theirs.message[name])) changed.push({ channel, name });
        }
      }
    }
    return { refused, changed, read };
  }

  #receive(contract: Contract, message: PlainMessage, channel: Channel): PlainMessage {
    if (channel === "live") return contract.readPayload(this.#writer.writePayload(message));
    return contract.decode(this.#writer.encode(message, channel as Encoding));
  }

  #answer(value: unknown): Outcome | undefined {
    if (value === undefined || this.#writer.resultViolations(value) !== undefined) return undefined;
    const read: unknown = JSON.parse(JSON.stringify(value));
    if (this.#writer.receivedResultViolations(read) !== undefined) return undefined;
    const isTaken = this.#reader.receivedResultViolations(read) === undefined;
    const refused = isTaken ? [] : [{ channel: "answer" as const, issues: this.#explain(read) ?? [] }];
    return { refused, changed: [], read: isTaken ? read : undefined };
  }
}

/** The schema of one part. */
export function schemaOf(descriptor: Descriptor, part: Part): JsonSchema {
  return part === "message" ? descriptor.schema : (descriptor as CommandDescriptor).result;
}

/** What a writer may write. */
export function writtenSchemaOf(descriptor: Descriptor, part: Part): JsonSchema {
  return closeSchema(schemaOf(descriptor, part));
}

function received(
  receive: () => PlainMessage,
): { readonly message: PlainMessage } | { readonly issues: readonly Issue[] } {
  try {
    return { message: receive() };
  } catch (error) {
    if (error instanceof DecodeError) return { issues: [{ path: "", message: error.message }] };
    if (error instanceof ContractError) return { issues: error.issues };
    throw error;
  }
}

/** Whether a value is the same to a reader; instants are read in one form or as they are written. */
function isKept(own: unknown, theirs: unknown): boolean {
  if (areEqual(own, theirs)) return true;
  if (typeof own !== "string" || typeof theirs !== "string") return false;
  return (
    own.toLowerCase() === theirs.toLowerCase() ||
    (Date.parse(own) === Date.parse(theirs) && !Number.isNaN(Date.parse(own)))
  );
}
