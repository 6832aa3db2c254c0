import type { Socket } from "node:net";
import { type Delivery, FEW, type Take } from "../broker/delivery.js";
import { Shortener } from "./brief-reply.js";
import type { Connection } from "./connection.js";
import { ASTERISK, EntryDecoder, PERCENT } from "./entry-decoder.js";

/** After so many bytes what has arrived is handed over, so that a long reply is not held twice. */
const PORTION = 1024 * 1024;
/** The reply that the client gets in place of one that was taken: an empty one, in both versions of Redis' protocol. */
const NONE = Buffer.from("*-1\r\n");

interface Expected {
  /** Whether the entries wait for a last look. */
  readonly isHeld: boolean;
  /** The types of which the whole entry is needed. */
  readonly wanted: EntryDecoder["wanted"];
  /** An entry of more bytes is abridged. */
  readonly maxEntryBytes: number;
}

/**
 * Decodes the replies to reads before the client sees them: its own decoder serves every command, and takes longer for
 * an entry than everything else here together. Other replies (to the handshake, errors) pass unchanged. Before a read no
 * other command may be under way on the connection, so that the next reply is the read's.
 */
export class EntryTap {
  #decoder = new EntryDecoder();
  #take: Take = () => {};
  /** The entries of the read that are not handed over yet. */
  #brought: readonly Delivery[] = [];
  #isHeld = false;
  /** Cuts the reply to what is asked behind a read whose entries are held: a record, which others may have written. */
  #shortener: Shortener | undefined;
  /** How many bytes have arrived since something was handed over. */
  #received = 0;
  #state: "passing" | "expecting" | "taking" = "passing";

  constructor(connection: Connection) {
    // A new socket has received nothing yet.
    connection.client.on("connect", () => this.#attach(connection.client.stream as Socket));
  }

  /**
   * To be called just before a read is sent. A few entries are handed over as soon as they arrive, unless held; many long ones in
   * portions.
   */
  expect(take: Take, { isHeld, wanted, maxEntryBytes }: Expected): void {
    this.#take = take;
    this.#decoder.wanted = wanted;
    this.#decoder.maxEntryBytes = maxEntryBytes;
    this.#isHeld = isHeld;
    this.#shortener = isHeld ? new Shortener() : undefined;
    this.#received = 0;
    this.#decoder.take();
    this.#brought = [];
    this.#state = "expecting";
  }

  /** To be called when the read has been answered: hands over the remaining entries, after a last look at them. */
  handOver(look?: Take): void {
    const deliveries = this.#brought;
    this.#brought = [];
    if (deliveries.length === 0) return;
    look?.(deliveries);
    this.#take(deliveries);
  }

  /** Also where they are held for a last look: they go without it. */
  #handOverPortion(): void {
    const deliveries = this.#decoder.take();
    if (deliveries.length === 0) return;
    this.#received = 0;
    this.#take(deliveries);
  }

  #attach(socket: Socket): void {
    // The entries of a reply that a lost connection cut off are pending, and are found there.
    const decoder = new EntryDecoder();
    this.#decoder = decoder;
    this.#shortener = undefined;
    this.#state = "passing";
    const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
    socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      if (event !== "data" || decoder !== this.#decoder) return emit(event, ...args);
      try {
        const left = this.#filter(args[0] as Buffer);
        return left === undefined || left.length === 0 || emit("data", left);
      } catch (error) {
        socket.destroy(error as Error);
        return true;
      }
    };
  }

  /** Returns the bytes for the client. Entries come as a list, or as a map in RESP3. An error is neither. */
  #filter(chunk: Buffer): Buffer | undefined {
    const isList = chunk[0] === ASTERISK || chunk[0] === PERCENT;
    if (this.#state === "expecting") this.#state = isList ? "taking" : "passing";
    if (this.#state === "passing") return this.#shortened(chunk);
    const rest = this.#decoder.write(chunk);
    this.#received += chunk.length;
    if (rest === undefined) {
      if (this.#received > PORTION) this.#handOverPortion();
      return undefined;
    }
    this.#state = "passing";
    this.#brought = this.#decoder.take();
    if (this.#brought.length <= FEW && !this.#isHeld) this.handOver();
    return rest.length === 0 ? NONE : Buffer.concat([NONE, this.#shortened(rest)]);
  }

  #shortened(reply: Buffer): Buffer {
    return this.#shortener?.write(reply) ?? reply;
  }
}

const taps = new WeakMap<Connection, EntryTap>();

/** The tap that all readers of a connection share. To be called before the connection is first opened. */
export function entryTapOf(connection: Connection): EntryTap {
  const tap = taps.get(connection) ?? new EntryTap(connection);
  taps.set(connection, tap);
  return tap;
}
