import type { Delivery } from "../broker/delivery.js";
import { namesType } from "../contract/codec.js";

export const ASTERISK = 42;
export const PERCENT = 37;
const [CARRIAGE_RETURN, DOLLAR, MINUS, ZERO] = [13, 36, 45, 48] as const;
/** Longer texts hardly repeat, so they are not compared. */
const LONGEST_REPEATED = 64;
/** No entry of ours has more names and values. */
const MOST_REPEATED = 128;

/**
 * Decodes the reply to an `XREADGROUP` of one stream, in either version of Redis' protocol, as its bytes arrive. The
 * entries of a stream have the same names, and often the same values, in the same places: a text that equals the last
 * one in its place is recognised by its bytes and not created again, which saves most of the cost of reading.
 */
export class EntryDecoder {
  /** Of an entry of another type no more is decoded than its type. Without a list each is decoded whole. */
  wanted: ReadonlySet<string | undefined> | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  /** The bytes from here on are not decoded yet. */
  #at = 0;
  #parts: Buffer[] = [];
  /** At least so many more bytes are needed to go on. */
  #missing = 0;
  /** How many entries are still to come; `undefined` before the reply's head has arrived. */
  #left: number | undefined;
  #deliveries: Delivery[] = [];
  #id = "";
  /** The current entry's texts, filled as they arrive; `undefined` between two entries. */
  #fields: string[] | undefined;
  #filled = 0;
  /** How many of the entry's texts are still to be passed over. */
  #unread = 0;
  /** The bytes of the entry's texts. */
  #length = 0;
  #isTyped = false;
  /** By place in an entry, the last text there. Only texts of which each character is one byte. */
  readonly #repeated: string[] = [];

  /** Hands over the entries that are decoded. */
  take(): readonly Delivery[] {
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    return deliveries;
  }

  /** Decodes more of the reply. Returns the bytes after its end, `undefined` before. @throws if it is no such reply */
  write(chunk: Buffer): Buffer | undefined {
    this.#parts.push(chunk);
    this.#missing -= chunk.length;
    if (this.#missing > 0) return undefined;
    this.#bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    this.#at = 0;
    const hasEnded = this.#decode();
    const rest = this.#bytes.subarray(this.#at);
    this.#parts = hasEnded || rest.length === 0 ? [] : [rest];
    if (!hasEnded) return undefined;
    this.#left = undefined;
    this.#missing = 0;
    return rest;
  }

  #decode(): boolean {
    this.#left ??= this.#tried(() => this.#head());
    if (this.#left === undefined) return false;
    while (this.#left > 0) {
      this.#fields ??= this.#tried(() => this.#beginning());
      if (this.#fields === undefined) return false;
      const fields = this.#fields;
      while (this.#filled < fields.length) {
        const text = this.#text(this.#filled);
        if (text === undefined) return false;
        fields[this.#filled++] = text;
        if (!this.#isTyped && this.#filled % 2 === 0) this.#lookAtType(fields);
      }
      for (; this.#unread > 0; this.#unread--) if (this.#pass() === undefined) return false;
      this.#deliveries.push({ id: this.#id, fields, length: this.#length, attempt: 1 });
      this.#fields = undefined;
      this.#left--;
    }
    return true;
  }

  /** Goes back to where it began when a part has not arrived in full. */
  #tried<Value>(read: () => Value | undefined): Value | undefined {
    const at = this.#at;
    const value = read();
    if (value === undefined) this.#at = at;
    return value;
  }

  /** `*1 *2 stream *n`, or a map of one in the newer version: how many entries there are. `*-1` stands for none. */
  #head(): number | undefined {
    const isMap = this.#bytes[this.#at] === PERCENT;
    const streams = this.#number(isMap ? PERCENT : ASTERISK);
    if (streams === undefined || streams < 0) return streams === undefined ? undefined : 0;
    if (!isMap && this.#number(ASTERISK) === undefined) return undefined;
    const length = this.#textLength();
    if (length === undefined) return undefined;
    this.#at += length + 2;
    return this.#number(ASTERISK);
  }

  /** `*2 id *n`: creates the array for the entry's texts. */
  #beginning(): string[] | undefined {
    if (this.#number(ASTERISK) === undefined) return undefined;
    const length = this.#textLength();
    if (length === undefined) return undefined;
    this.#id = this.#bytes.toString("latin1", this.#at, this.#at + length);
    this.#at += length + 2;
    const texts = this.#number(ASTERISK);
    this.#filled = 0;
    this.#length = 0;
    this.#isTyped = this.wanted === undefined;
    return texts === undefined ? undefined : new Array<string>(texts);
  }

  /** Leaves out what follows the type of an entry that is not wanted. */
  #lookAtType(fields: string[]): void {
    if (!namesType(fields[this.#filled - 2] as string)) return;
    this.#isTyped = true;
    const type = fields[this.#filled - 1] as string;
    if (type === "" || this.wanted?.has(type) !== false) return;
    this.#unread = fields.length - this.#filled;
    fields.length = this.#filled;
  }

  /** Passes over a text. Returns its length. */
  #pass(): number | undefined {
    const length = this.#textLength();
    if (length === undefined) return undefined;
    this.#at += length + 2;
    this.#length += length;
    return length;
  }

  #text(place: number): string | undefined {
    const length = this.#pass();
    if (length === undefined) return undefined;
    if (length === 0) return "";
    const start = this.#at - length - 2;
    const last = this.#repeated[place];
    if (last !== undefined && last.length === length && this.#stands(last, start)) return last;
    const text = this.#bytes.toString("utf8", start, start + length);
    // Stryker disable next-line all: a text that is created again equals the one that is not
    const mayRepeat = length <= LONGEST_REPEATED && place < MOST_REPEATED;
    if (!mayRepeat || text.length !== length) return text;
    const repeated = place % 2 === 0 ? interned(text) : text;
    this.#repeated[place] = repeated;
    return repeated;
  }

  #stands(text: string, at: number): boolean {
    for (let n = 0; n < text.length; n++) if (this.#bytes[at + n] !== text.charCodeAt(n)) return false;
    return true;
  }

  /** Decodes a line that is a number after the sign of its kind. */
  #number(kind: number): number | undefined {
    const bytes = this.#bytes;
    let at = this.#at;
    if (at >= bytes.length) return this.#wait(1);
    if (bytes[at] !== kind) throw new Error(`Redis answered a read with "${bytes.toString("latin1", at, at + 32)}"`);
    const isNegative = bytes[at + 1] === MINUS;
    let number = 0;
    for (at += isNegative ? 2 : 1; ; at++) {
      const byte = bytes[at];
      if (byte === undefined) return this.#wait(1);
      if (byte === CARRIAGE_RETURN) break;
      number = number * 10 + byte - ZERO;
    }
    if (at + 2 > bytes.length) return this.#wait(1);
    this.#at = at + 2;
    return isNegative ? -number : number;
  }

  /** The length of a text that has arrived. Goes back to where it began when the text has not arrived in full. */
  #textLength(): number | undefined {
    const from = this.#at;
    const length = this.#number(DOLLAR);
    if (length === undefined) return undefined;
    const missing = this.#at + length + 2 - this.#bytes.length;
    if (missing <= 0) return length;
    this.#at = from;
    return this.#wait(missing);
  }

  #wait(bytes: number): undefined {
    this.#missing = bytes;
  }
}

/** The same text as V8 keeps names: it finds it in an object or a map, and tells it from others, by its address. */
function interned(text: string): string {
  const names = Object.create(null) as Record<string, true>;
  names[text] = true;
  return Object.keys(names)[0] as string;
}
