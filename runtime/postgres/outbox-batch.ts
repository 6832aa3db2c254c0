import { prefixed } from "../config/config.js";
import { bytesOf, type FlatFields } from "../contract/codec.js";
import { contractOf } from "../contract/contract.js";
import type { Descriptor } from "../contract/descriptor.js";
import { DecodeError, MessageTooLargeError, MessagingError } from "../errors.js";
import type { RelayParts } from "../publish/relayable.js";
import type { WrittenMessage } from "../publish/transfer.js";
import { type Database, type Queryable, transaction } from "./database.js";
import { digestOf } from "./outbox-row.js";
import { lockParts, markSent, readWaiting, refuse, type StoredMessage } from "./outbox-store.js";

/** The most parts that one batch takes: others may work on the rest meanwhile. */
const MOST_PARTS = 16;
/** The most text of a batch, unless it is one message. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface BatchLimits {
  readonly batchSize: number;
  /** Whether messages that were sent are kept for a time. */
  readonly keepsSent: boolean;
  /** After so long a relay that stands still in the middle of a batch loses it. */
  readonly holdMs: number;
  /** Streams that cannot be added to at the moment. */
  readonly hindered: readonly string[];
}

export interface BatchReport {
  /** How many messages were taken out of those that wait. */
  readonly done: number;
  /** Why a stream could not be added to. */
  readonly troubles: ReadonlyMap<string, MessagingError>;
  /** The streams to which all was added. */
  readonly sound: readonly string[];
}

const FORGOTTEN =
  "it was to be published again, and Redis no longer knows whether it has it: its MESSAGE_TTL has passed. If it is not in its stream, retry it";

interface Refused {
  readonly message: StoredMessage;
  readonly error: MessagingError;
}

/**
 * Publishes the next messages of the outbox, in one transaction, which locks their parts against other relays:
 *
 * 1. It locks, and reads the first messages of each part.
 * 2. It adds them to their streams, in their order and up to the first that Redis refuses, each once under its id.
 * 3. It takes what is in its stream out of the outbox, and commits, which unlocks.
 *
 * A relay that dies before 2 has done nothing. One that dies between 2 and 3, or fails there, leaves messages waiting that
 * are in their streams: the next relay begins with the same ones, and Redis stores none of them again. One that was thought
 * dead and wakes in 2 can only repeat what is stored, or store the next ones in their order: whatever it sends, it has sent
 * all before it.
 */
export async function relayBatch(database: Database, parts: RelayParts, limits: BatchLimits): Promise<BatchReport> {
  const refused: Refused[] = [];
  const report = await transaction(database, async (tx) => {
    const locked = await lockParts(tx, { most: MOST_PARTS, ...limits });
    if (locked.length === 0) return { done: 0, troubles: new Map<string, MessagingError>(), sound: [] };
    const bounds = { hindered: limits.hindered, most: limits.batchSize, mostBytes: MOST_BYTES };
    const waiting = await readWaiting(tx, locked, bounds);
    return send(tx, parts, waiting, { keepsSent: limits.keepsSent, refused });
  });
  // Told when it is committed.
  for (const { message, error } of refused) tell(parts, message, error);
  return report;
}

async function send(
  tx: Queryable,
  parts: RelayParts,
  waiting: readonly StoredMessage[],
  { keepsSent, refused }: { readonly keepsSent: boolean; readonly refused: Refused[] },
): Promise<BatchReport> {
  const sent: string[] = [];
  const sound: string[] = [];
  const troubles = new Map<string, MessagingError>();
  const byStream = new Map<string, StoredMessage[]>();
  for (const message of waiting) {
    const same = byStream.get(message.stream);
    if (same === undefined) byStream.set(message.stream, [message]);
    else same.push(message);
  }
  const sending = [...byStream].map(async ([stream, messages]) => {
    let left = messages.flatMap((message) => {
      const entry = entryOf(parts, message);
      if (entry instanceof Error) refused.push({ message, error: entry });
      return entry instanceof Error ? [] : [{ message, written: writtenOf(message, entry) }];
    });
    while (left.length > 0) {
      const { entryIds, refusal } = await parts.transfer.add(
        stream,
        left.map(({ written }) => written),
      );
      for (const { message } of left.slice(0, entryIds.length)) sent.push(message.place);
      if (refusal?.isForGood === false) {
        troubles.set(stream, refusal.error);
        return;
      }
      const next = left[entryIds.length];
      if (refusal !== undefined && next !== undefined) refused.push({ message: next.message, error: refusal.error });
      left = left.slice(entryIds.length + 1);
    }
    sound.push(stream);
  });
  await Promise.all(sending);
  if (sent.length > 0) await markSent(tx, sent, keepsSent ? { knownMs: parts.config.messageTtlMs } : undefined);
  for (const { message, error } of refused) await refuse(tx, message.place, error.message);
  return { done: sent.length + refused.length, troubles, sound };
}

function writtenOf(
  { type, stream, id, key, is_given, channel, announced, correlation_id }: StoredMessage,
  entry: FlatFields,
): WrittenMessage {
  const isAnnounced = channel !== null && announced !== null;
  // One literal: an object that is made of others takes several times as long.
  return {
    type,
    stream,
    entry,
    messageId: id,
    correlationId: correlation_id ?? undefined,
    key: is_given ? key : undefined,
    announced: isAnnounced ? { channel, json: announced } : undefined,
  };
}

/** The entry of a message, or why it must not be added to its stream. */
function entryOf(
  parts: RelayParts,
  { type, stream, entry: text, contract, is_forgotten }: StoredMessage,
): FlatFields | MessagingError {
  const { config } = parts;
  if (is_forgotten === true) return new MessagingError("PUBLISH_FAILED", FORGOTTEN);
  try {
    const entry = JSON.parse(text) as FlatFields;
    const bytes = bytesOf(entry, config.maxMessageBytes);
    if (bytes > config.maxMessageBytes) return new MessageTooLargeError(type, bytes, config.maxMessageBytes);
    const descriptor = descriptorOf(parts, type, stream);
    // What was checked by the same contract needs no second check.
    if (descriptor !== undefined && digestOf(descriptor) !== contract) contractOf(descriptor).read(entry);
    return entry;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      return new DecodeError("its entry is not a list of texts");
    return error as MessagingError;
  }
}

/** Of each relay, by the whole name of the stream and the type: a catalogue may have thousands of messages. */
const descriptors = new WeakMap<RelayParts, ReadonlyMap<string, Descriptor>>();

/** `undefined` for a message of another catalogue: it is published as it was written. */
function descriptorOf(parts: RelayParts, type: string, stream: string): Descriptor | undefined {
  let known = descriptors.get(parts);
  if (known === undefined) {
    const { catalogue, config } = parts;
    // The first of its name counts.
    const named = catalogue.messages
      .toReversed()
      .map((each) => [`${prefixed(config, each.stream)} ${each.type}`, each] as const);
    known = new Map(named);
    descriptors.set(parts, known);
  }
  return known.get(`${stream} ${type}`);
}

function tell(
  { hooks }: RelayParts,
  { place, id, type, stream, correlation_id }: StoredMessage,
  error: MessagingError,
): void {
  const ids = { messageId: id, correlationId: correlation_id ?? undefined };
  hooks.emit("outboxRefused", { ...ids, type, stream, place, error });
}
