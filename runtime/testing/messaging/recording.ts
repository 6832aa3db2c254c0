import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { contractOf } from "../../contract/contract.js";
import type { Catalogue, Descriptor, MessageKind } from "../../contract/descriptor.js";
import { ContractError, UsageError } from "../../errors.js";

/** A message that a service published or sent in a test. */
export interface RecordedMessage {
  readonly kind: MessageKind;
  readonly type: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** The messages that a service published and sent in a test, oldest first. */
export interface Recording {
  readonly service: string;
  readonly messages: readonly RecordedMessage[];
}

/** A recording of another service, whose messages keep the contracts of this one. */
export interface ReadRecording extends Recording {
  /** The messages of a type. */
  of<Message>(descriptor: Descriptor<Message>): readonly Message[];
}

/**
 * Writes recordings of a service's tests into one file, for the contract tests of other services. The same tests write the
 * same bytes: message ids, also those of correlation and cause, and timestamps are replaced by ones that count, reply
 * channels and traces are left out, and messages that are equal otherwise are kept once. They are in the order of their
 * types, those of a type in the order of publication. All else is kept as it is. Folders are created; a file that would
 * not change is not written.
 *
 * @returns whether the file has changed
 * @throws {UsageError} for recordings of several services
 *
 * @example
 * await writeRecording("contract/user-auth.json", [messaging.record()]);
 */
export async function writeRecording(path: string, recordings: readonly Recording[]): Promise<boolean> {
  const [service = "", ...others] = new Set(recordings.map((recording) => recording.service));
  if (others.length > 0)
    throw mistake(`${path} would hold recordings of ${[service, ...others].join(" and ")}: write a file for each`);
  const messages = normalised(recordings.flatMap((recording) => recording.messages));
  const text = `${JSON.stringify({ service, messages }, null, 2)}\n`;
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return false;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return true;
}

/**
 * Reads the recording of another service and checks that this service can read its messages: those whose types are in its
 * catalogue, by the reader's rules. Others are left out.
 *
 * @throws {ContractError} for the first message that breaks its contract
 * @throws {UsageError} if the file holds no recording
 *
 * @example
 * const recording = await readRecording("../user-auth/contract/user-auth.json", catalogue);
 * for (const event of recording.of(userCreated)) console.log(event.after_data.email);
 */
export async function readRecording(path: string, catalogue: Catalogue): Promise<ReadRecording> {
  const { service, messages } = parsed(path, await readFile(path, "utf8"));
  const known = messages.flatMap((recorded, at) => {
    const descriptor = catalogue.messages.find(({ kind, type }) => kind === recorded.kind && type === recorded.type);
    if (descriptor === undefined) return [];
    const issues = contractOf(descriptor).readerViolations(recorded.message) ?? [];
    if (issues.length === 0) return [recorded];
    const located = issues.map((issue) => ({ ...issue, path: `${path}: messages[${at}].message.${issue.path}` }));
    throw new ContractError(recorded.type, located, true);
  });
  const isOf = ({ kind, type }: Descriptor, recorded: RecordedMessage): boolean =>
    recorded.kind === kind && recorded.type === type;
  return {
    service,
    messages: known,
    of: <Message>(descriptor: Descriptor<Message>) =>
      known.filter((recorded) => isOf(descriptor, recorded)).map(({ message }) => message as Message),
  };
}

function parsed(path: string, text: string): Recording {
  let recording: Partial<Recording> | null = null;
  try {
    recording = JSON.parse(text) as Partial<Recording> | null;
  } catch {
    // Told below.
  }
  const { service, messages } = recording ?? {};
  const isMessage = ({ type, message }: RecordedMessage): boolean =>
    typeof type === "string" && typeof message === "object";
  if (typeof service === "string" && Array.isArray(messages) && messages.every(isMessage)) return { service, messages };
  throw mistake(`${path} holds no recording: have the tests of the other service write it with writeRecording()`);
}

/** The messages with ids, times and channels that are the same in each run, and without repetitions. */
function normalised(messages: readonly RecordedMessage[]): readonly RecordedMessage[] {
  const once: RecordedMessage[] = [];
  for (const recorded of messages) {
    const isKnown = once.some((other) => isDeepStrictEqual(withoutOwn(other), withoutOwn(recorded)));
    if (!isKnown) once.push(recorded);
  }
  // What several services publish meanwhile may come in another order in each run.
  once.sort((one, other) => (one.type < other.type ? -1 : one.type > other.type ? 1 : 0));
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    const known = ids.get(id) ?? `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, "0")}`;
    ids.set(id, known);
    return known;
  };
  const replaced = (value: unknown): unknown => (typeof value === "string" ? idOf(value) : value);
  return once.map(({ kind, type, message }, at) => {
    const { reply_to: _, ...own } = message;
    const texts = Object.entries(own).map(([name, value]) => {
      if (name === "timestamp") return [name, new Date(Date.UTC(2000, 0, 1) + at * 1000).toISOString()];
      if (name === "metadata") return [name, mapCause(value, replaced)];
      return [name, name === "id" || name === "correlation_id" ? replaced(value) : value];
    });
    return { kind, type, message: Object.fromEntries(texts) as RecordedMessage["message"] };
  });
}

/** What of a message does not differ in each run. */
function withoutOwn({ kind, type, message }: RecordedMessage): object {
  const { id, correlation_id, timestamp, reply_to, metadata, ...content } = message;
  return { kind, type, content, metadata: mapCause(metadata, () => undefined) };
}

/** Metadata with another cause and without a trace. */
function mapCause(metadata: unknown, replace: (cause: unknown) => unknown): unknown {
  if (typeof metadata !== "object" || metadata === null) return metadata;
  const { causation_id: cause, traceparent, tracestate, baggage, ...own } = metadata as Record<string, unknown>;
  const replaced = replace(cause);
  return replaced === undefined ? own : { ...own, causation_id: replaced };
}

function mistake(problem: string): UsageError {
  return new UsageError("CONFIG_INVALID", problem);
}
