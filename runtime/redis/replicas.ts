import type { Append } from "../broker/append.js";
import { type MessagingError, PublishError } from "../errors.js";
import type { Connection } from "./connection.js";
import { discreet } from "./discreet.js";
import { onceKey } from "./keys.js";
import { isReply } from "./reply.js";

/** A command that was sent, and the session of the connection over which it went. */
export interface Sent {
  readonly connection: Connection;
  readonly session: number;
  /** The changes of the history before, where the entries are new ones. */
  readonly since?: number | undefined;
}

/** What is known of an entry that is stored. */
export interface StoredEntry extends Pick<Append, "stream" | "messageId" | "onceWindowMs"> {
  readonly entryId: string;
}

export interface ReplicasParts {
  /** How many must have it. */
  readonly count: number;
  readonly timeoutMs: number;
}

interface Round {
  readonly replies: Promise<number>;
  /** One that may have been stored by an earlier attempt, over another connection. */
  repeated: StoredEntry | undefined;
}

/**
 * Waits until replicas have what was written. `WAIT` speaks only of what its own connection has written, so it follows over
 * the same one, and over another session of it would speak of nothing. It holds up what comes behind it, which therefore
 * shares the next one.
 */
export class Replicas {
  readonly #parts: ReplicasParts;
  readonly #rounds = new WeakMap<Connection, Round>();

  constructor(parts: ReplicasParts) {
    this.#parts = parts;
  }

  /** Resolves when enough replicas have an entry that Redis has just stored. @throws {PublishError} `PUBLISH_UNCERTAIN` */
  async confirm({ connection, session }: Sent, entry: StoredEntry): Promise<void> {
    const { count, timeoutMs } = this.#parts;
    let why: string;
    let cause: unknown;
    try {
      const isSame = (): boolean => connection.session === session;
      const replies = isSame() ? await this.#round(connection, entry) : undefined;
      // A node that was reached later may not be the one that has stored it.
      if (replies === undefined || !isSame()) why = "the connection broke before replicas had confirmed it";
      else if (replies >= count) return;
      else
        why = `${replies} of ${count} replicas had it within ${timeoutMs} ms (REDIS_WAIT_REPLICAS, REDIS_WAIT_TIMEOUT)`;
    } catch (error) {
      cause = discreet(error);
      why = reasonOf(error as Error);
    }
    throw unconfirmed(entry, why, cause);
  }

  #round(connection: Connection, entry: StoredEntry): Promise<number> {
    let round = this.#rounds.get(connection);
    if (round === undefined) {
      // Whatever is confirmed by replies that have arrived together shares it.
      const gathered = new Promise<void>((resolve) => setImmediate(resolve));
      round = { replies: gathered.then(() => this.#wait(connection)), repeated: undefined };
      this.#rounds.set(connection, round);
    }
    if (entry.onceWindowMs !== undefined) round.repeated = entry;
    return round.replies;
  }

  async #wait(connection: Connection): Promise<number> {
    const { count, timeoutMs } = this.#parts;
    const { client } = connection;
    const repeated = this.#rounds.get(connection)?.repeated;
    this.#rounds.delete(connection);
    const marking = repeated && mark(client, repeated);
    const waiting = client.wait(count, timeoutMs);
    waiting.catch(() => {});
    await marking;
    return waiting;
  }
}

/** Where an earlier attempt has stored an entry, this one has written nothing for which `WAIT` would wait. */
function mark(
  client: Connection["client"],
  { stream, messageId = "", onceWindowMs = 0, entryId }: StoredEntry,
): unknown {
  return client.set(onceKey(stream, messageId), entryId, "PX", onceWindowMs);
}

function reasonOf(error: Error): string {
  if (isReply(error, "NOPERM"))
    return `Redis does not let this user wait for replicas: give it the right +wait (${error.message})`;
  if (error.name === "ReplyError") return `Redis refused to wait for replicas (${error.message})`;
  return "the connection broke before replicas had confirmed it";
}

function unconfirmed({ stream, messageId, onceWindowMs }: StoredEntry, why: string, cause: unknown): MessagingError {
  const retryable = onceWindowMs !== undefined;
  const advice = retryable
    ? "repeat it with the same id and once: true"
    : "a repeat stores it twice; publish with { id, once: true } from the first attempt on where that matters";
  const text = `message ${messageId ?? "(without id)"} is stored in ${stream}, perhaps on one node only: ${why}. If that node is lost, so is the message; ${advice}`;
  return new PublishError("PUBLISH_UNCERTAIN", text, { messageId, retryable, cause });
}
