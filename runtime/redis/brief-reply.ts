import type { Socket } from "node:net";
import type { Connection } from "./connection.js";

const [ASTERISK, DOLLAR, PERCENT, CARRIAGE_RETURN, ZERO] = [42, 36, 37, 13, 48] as const;
/** The bytes of a longer text are let go: it tells no id, and no name of a stream. */
const LONGEST = 1024;
/** Of a longer list nothing is kept: it holds the fields of an entry. */
const MOST = 1024;
const NOTHING = Buffer.alloc(0);
const EMPTY_TEXT = Buffer.from("$0\r\n\r\n");
const EMPTY_LIST = Buffer.from("*0\r\n");

/**
 * Lets the client see of a reply no more than its short texts, so that a wait for news holds none of the entries that end it,
 * however large they are. A long text arrives as an empty one, a long list as an empty list.
 */
export class BriefReplies {
  /** Whether the next reply that is a list is cut. To be set just before the command is sent, and unset when it is answered. */
  isOn = false;

  constructor(connection: Connection) {
    // A new socket has received nothing yet.
    connection.client.on("connect", () => this.#attach(connection.client.stream as Socket));
  }

  #attach(socket: Socket): void {
    const shortener = new Shortener();
    // What a connection is told as it opens is needed whole.
    this.isOn = false;
    const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
    socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      if (event !== "data" || !this.isOn) return emit(event, ...args);
      const left = shortener.write(args[0] as Buffer);
      return left.length === 0 || emit("data", left);
    };
  }
}

/** Cuts replies, as their bytes arrive, in either version of Redis' protocol. */
export class Shortener {
  /** The beginning of a line whose end has not arrived. */
  #line = Buffer.alloc(0);
  /** How many bytes to come are passed on, or let go. */
  #passed = 0;
  #dropped = 0;
  /** What the client gets in place of the bytes that are let go. */
  #instead: Buffer = NOTHING;
  /** How many texts to come are let go whole. */
  #unwanted = 0;

  /** Returns what the client gets of a part of a reply. */
  write(chunk: Buffer): Buffer {
    const kept: Buffer[] = [];
    for (let at = 0; at < chunk.length; ) {
      const taken = this.#dropped > 0 ? this.#dropped : this.#passed;
      if (taken > 0) {
        const part = chunk.subarray(at, at + taken);
        if (this.#dropped > 0) {
          this.#dropped -= part.length;
          // Not before: to the client the reply has ended then, and the next command may be sent.
          if (this.#dropped === 0) kept.push(this.#instead);
        } else {
          this.#passed -= part.length;
          kept.push(part);
        }
        at += part.length;
        continue;
      }
      const feed = chunk.indexOf("\n", at);
      const end = feed < 0 ? chunk.length : feed + 1;
      const line = Buffer.concat([this.#line, chunk.subarray(at, end)]);
      at = end;
      this.#line = feed < 0 ? line : Buffer.alloc(0);
      if (feed >= 0) kept.push(this.#head(line));
    }
    return Buffer.concat(kept);
  }

  /** Takes a line that says what follows it, and returns what the client gets of that line. */
  #head(line: Buffer): Buffer {
    const [kind] = line;
    const length = numberIn(line);
    if (kind === DOLLAR && length >= 0) {
      const isUnwanted = this.#unwanted > 0;
      if (isUnwanted) this.#unwanted--;
      if (!isUnwanted && length <= LONGEST) {
        this.#passed = length + 2;
        return line;
      }
      this.#dropped = length + 2;
      this.#instead = isUnwanted ? NOTHING : EMPTY_TEXT;
      return NOTHING;
    }
    if ((kind === ASTERISK || kind === PERCENT) && length > MOST) {
      this.#unwanted = kind === PERCENT ? 2 * length : length;
      return EMPTY_LIST;
    }
    return line;
  }
}

/** The number of a line behind the sign of its kind; -1 for one that is none. */
function numberIn(line: Buffer): number {
  let number = 0;
  for (let at = 1; line[at] !== CARRIAGE_RETURN && at < line.length; at++) {
    const digit = (line[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
