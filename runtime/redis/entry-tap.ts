import type { Socket } from "node:net";
import { type Delivery, FEW, type Take } from "../broker/delivery.js";
import type { Connection } from "./connection.js";
import { EntryDecoder } from "./entry-decoder.js";

/** What the client is given in place of a reply that was taken: in both versions of Redis' protocol it reads as none. */
const NONE = Buffer.from("*-1\r\n");
const ASTERISK = 42;
const PERCENT = 37;

/**
 * Takes the replies to reads off a connection before the client sees them, and decodes them itself: the client's
 * decoder, which must do for every command, spends more time on an entry than all else that happens to it here.
 * Everything else (connecting, errors, reads that found nothing) goes through untouched.
 *
 * It is for a connection on which nothing else is under way while a read is: so the bytes that follow a read are the
 * read's.
 */
export class EntryTap {
  #decoder = new EntryDecoder();
  #take: Take = () => {};
  /** What the read brought that is not taken yet. */
  #brought: readonly Delivery[] = [];
  #state: "passing" | "expecting" | "taking" = "passing";

  constructor(connection: Connection) {
    connection.onSocket((socket) => this.#attach(socket));
  }

  /**
   * To be called just before a read is sent: the next reply is the one to take. A few entries are taken the moment that
   * they are there, before the client has gone through the reply.
   */
  expect(take: Take): void {
    this.#take = take;
    this.#decoder.take();
    this.#brought = [];
    this.#state = "expecting";
  }

  /** To be called when the read has been answered: hands over what has not been taken yet. */
  handOver(): void {
    const deliveries = this.#brought;
    this.#brought = [];
    if (deliveries.length > 0) this.#take(deliveries);
  }

  #attach(socket: Socket): void {
    // What a lost connection left half-decoded is found among the entries that are pending.
    const decoder = new EntryDecoder();
    this.#decoder = decoder;
    this.#state = "passing";
    const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
    socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      if (event !== "data" || decoder !== this.#decoder) return emit(event, ...args);
      try {
        const left = this.#filter(args[0] as Buffer);
        return left === undefined || emit("data", left);
      } catch (error) {
        socket.destroy(error as Error);
        return true;
      }
    };
  }

  /** What is left for the client; `undefined` for nothing yet. */
  #filter(chunk: Buffer): Buffer | undefined {
    if (this.#state === "expecting") this.#state = isList(chunk) ? "taking" : "passing";
    if (this.#state === "passing") return chunk;
    const rest = this.#decoder.write(chunk);
    if (rest === undefined) return undefined;
    this.#state = "passing";
    this.#brought = this.#decoder.take();
    if (this.#brought.length <= FEW) this.handOver();
    return rest.length === 0 ? NONE : Buffer.concat([NONE, rest]);
  }
}

/** Or a map, as entries come in the newer version of the protocol. What else may come is an error, or nothing. */
function isList(chunk: Buffer): boolean {
  return chunk[0] === PERCENT || chunk[0] === ASTERISK;
}

const taps = new WeakMap<Connection, EntryTap>();

/** The one tap of a connection, whoever reads by it. To be asked for before it first connects. */
export function entryTapOf(connection: Connection): EntryTap {
  let tap = taps.get(connection);
  if (tap === undefined) {
    tap = new EntryTap(connection);
    taps.set(connection, tap);
  }
  return tap;
}
