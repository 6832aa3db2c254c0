import type { Connection } from "./connection.js";
import type { Delivery } from "./delivery.js";
import { ConnectionError } from "./errors.js";
import type { Member } from "./member.js";
import type { Pause } from "./pause.js";

/** How much longer than its block a read may take before its connection counts as dead. */
const GRACE_MS = 2000;
/** How often it is made sure, between two reads, that nothing was left behind. */
const PREPARE_EVERY_MS = 30_000;
/** A batch of entries this large is read in smaller ones next time. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** What a reader asks of its consumer. */
export interface ReaderSink {
  /** How many entries may come now; 0 for none. */
  readonly room: () => number;
  /** Resolves when {@link room} may have grown. */
  readonly roomier: () => Promise<void>;
  readonly take: (deliveries: readonly Delivery[]) => void;
  /** Called before the first read, after anything that may have left entries behind, and now and then. */
  readonly prepare: () => Promise<void>;
}

/** How it reads. */
export interface ReaderOptions {
  readonly blockTimeMs: number;
  readonly batchSize: number;
}

type Reply = [stream: string, entries: [id: string, fields: string[] | null][]][] | null;

/**
 * Reads new entries of one stream for one consumer, on a connection of its own, never more than there is room for.
 * It ends within one block after its signal.
 */
export class Reader {
  readonly #member: Member;
  readonly #options: ReaderOptions;
  readonly #connection: Connection;
  readonly #sink: ReaderSink;
  readonly #pause: Pause;
  #bytesPerEntry = 0;
  #preparedAt = Number.NEGATIVE_INFINITY;
  #clientId: number | undefined;

  constructor(member: Member, options: ReaderOptions, connection: Connection, sink: ReaderSink, pause: Pause) {
    this.#member = member;
    this.#options = options;
    this.#connection = connection;
    this.#sink = sink;
    this.#pause = pause;
  }

  async run(): Promise<void> {
    const { signal } = this.#pause;
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (performance.now() - this.#preparedAt > PREPARE_EVERY_MS) {
          this.#preparedAt = performance.now();
          await this.#sink.prepare();
          this.#clientId = await (await this.#connection.ready(signal)).client("ID").catch(() => undefined);
        }
        if (this.#sink.room() === 0) {
          await this.#sink.roomier();
          continue;
        }
        const deliveries = await this.#read(Math.min(this.#sink.room(), this.#batchSize()));
        failures = 0;
        if (deliveries.length > 0) this.#sink.take(deliveries);
      } catch (error) {
        if (signal.aborted) return;
        // Whatever it was (a lost reply, a missing group), the next read starts from a known state.
        this.prepareAgain();
        if (!(await this.#pause.afterFailure(failures++, `reading ${this.#member.keys.stream}`, error))) return;
      }
    }
  }

  /** Something may have been left behind: look before the next read. */
  prepareAgain(): void {
    this.#preparedAt = Number.NEGATIVE_INFINITY;
  }

  /** Ends a read that waits, without cutting its connection: what Redis hands out meanwhile still arrives. */
  async interrupt(by: Connection): Promise<void> {
    if (this.#clientId === undefined || !by.isReady) return;
    // Without the right to do so, the read ends with its block.
    await by.client.client("UNBLOCK", this.#clientId).catch(() => {});
  }

  #batchSize(): number {
    const { batchSize } = this.#options;
    const bySize = this.#bytesPerEntry === 0 ? batchSize : Math.ceil(BATCH_BYTES / this.#bytesPerEntry);
    return Math.max(1, Math.min(batchSize, bySize));
  }

  async #read(count: number): Promise<readonly Delivery[]> {
    const { keys, group, consumer } = this.#member;
    const { blockTimeMs } = this.#options;
    const client = await this.#connection.ready(this.#pause.signal);
    const reply = (await this.#watched(
      client.xreadgroup("GROUP", group, consumer, "COUNT", count, "BLOCK", blockTimeMs, "STREAMS", keys.stream, ">"),
    )) as Reply;
    const entries = reply?.[0]?.[1] ?? [];
    if (entries.length > 0) this.#weigh(entries);
    return entries.map(([id, fields]) => ({ id, fields, attempt: 1 }));
  }

  /** The largest of a batch decides: text lengths stand for bytes. */
  #weigh(entries: readonly [string, string[] | null][]): void {
    const last = entries[entries.length - 1]?.[1] ?? [];
    const first = entries[0]?.[1] ?? [];
    const size = (fields: readonly string[]): number => fields.reduce((sum, text) => sum + text.length, 0);
    this.#bytesPerEntry = Math.max(size(first), size(last));
  }

  /**
   * A half-open link looks idle. A read that outlasts its block is given up together with its connection: Redis may
   * have answered into the void, so what it delivered is looked for before the next read.
   */
  #watched<Value>(reading: Promise<Value>): Promise<Value> {
    const limitMs = this.#options.blockTimeMs + GRACE_MS;
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const what = `Redis has not answered a read of ${this.#member.keys.stream} for ${limitMs} ms; connecting anew`;
        reject(new ConnectionError("REDIS_UNAVAILABLE", what));
        this.#connection.renew();
      };
      // A busy event loop runs late timers before it looks at its sockets: the reply may be there already.
      let timer = setTimeout(() => {
        timer = setTimeout(expire, 100);
      }, limitMs);
      reading.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }
}
