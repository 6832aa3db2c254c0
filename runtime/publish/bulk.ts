import { type FlatFields, type PlainMessage, textLength } from "../contract/codec.js";
import type { MessagingError } from "../errors.js";
import type { Published } from "../messaging/publisher.js";
import { snapshotOf } from "./snapshot.js";

/** The most messages of one list that are under way at once. */
const MOST_AT_ONCE = 1024;
/** So many of them are encoded, then sent: Redis stores them while the next ones are encoded. */
const PART = 32;

export interface BulkParts<Written extends { readonly entry: FlatFields }> {
  /** So much text of the list is held encoded at once, or one message. The rest waits as it was given. */
  readonly mostBytes: number;
  /** Encodes a message that keeps its contract. */
  readonly write: (message: PlainMessage) => Written;
  readonly append: (
    written: Written,
    stored: (published: Published) => void,
    failed: (error: MessagingError) => void,
  ) => void;
  /** Sends at once what was appended. */
  readonly flush: () => void;
  /** The error to reject with when a message cannot be encoded. */
  readonly failure: (thrown: unknown) => MessagingError;
}

/** A message of the list that is to be sent: encoded, or a copy of what was given. */
type Waiting<Written> =
  | { readonly at: number; readonly written: Written; readonly message?: undefined }
  | { readonly at: number; readonly message: PlainMessage };

/** Sends in the given order, each message as soon as it is encoded. After a failure no waiting message is sent. */
export function sendAll<Written extends { readonly entry: FlatFields }>(
  messages: readonly PlainMessage[],
  { mostBytes, write, append, flush, failure }: BulkParts<Written>,
): Promise<Published[]> {
  return new Promise((resolve, reject) => {
    const published: Published[] = [];
    /** The next one comes last. Those that are encoded come before those that are not. */
    const waiting: Waiting<Written>[] = [];
    let underWay = 0;
    let stored = 0;
    let encodedBytes = 0;
    let isOver = false;
    const failed = (error: MessagingError): void => {
      isOver = true;
      reject(error);
    };
    const encode = (message: PlainMessage): Written => {
      const written = write(message);
      encodedBytes += textLength(written.entry);
      return written;
    };
    const send = (at: number, written: Written): void => {
      underWay++;
      const confirmed = (one: Published): void => {
        published[at] = one;
        underWay--;
        encodedBytes -= textLength(written.entry);
        if (++stored === messages.length) resolve(published);
        else sendWaiting();
      };
      append(written, confirmed, failed);
    };
    const attempt = (act: () => void): void => {
      try {
        act();
      } catch (thrown) {
        failed(failure(thrown));
      }
    };
    const sendWaiting = (): void => {
      while (!isOver && underWay < MOST_AT_ONCE) {
        const next = waiting.at(-1);
        if (next === undefined) return;
        if (next.message !== undefined && encodedBytes >= mostBytes && underWay > 0) return;
        waiting.pop();
        attempt(() => send(next.at, next.message === undefined ? next.written : encode(next.message)));
      }
    };
    for (const [at, message] of messages.entries()) {
      if (isOver) return;
      // Kept as it is even if it must wait: the caller may change the message after this call has returned.
      if (encodedBytes >= mostBytes) waiting.push({ at, message: snapshotOf(message) as PlainMessage });
      else {
        attempt(() => {
          const written = encode(message);
          if (at < MOST_AT_ONCE) send(at, written);
          else waiting.push({ at, written });
        });
      }
      if (at % PART === PART - 1) flush();
    }
    waiting.reverse();
    flush();
  });
}
