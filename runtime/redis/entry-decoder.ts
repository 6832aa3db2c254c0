import type { Delivery } from "../broker/delivery.js";

const CARRIAGE_RETURN = 13;
const ASTERISK = 42;
const DOLLAR = 36;
const MINUS = 45;
const PERCENT = 37;
const ZERO = 48;

/** Longer texts are not looked at for whether they repeat: they hardly do, and looking costs something. */
const LONGEST_REPEATED = 64;
/** Nor are those further back in an entry than any that we write has fields, names and values. */
const MOST_REPEATED = 128;

/**
 * Decodes the reply to an `XREADGROUP` of one stream, in either version of Redis' protocol, as its bytes arrive.
 *
 * Entries of a stream are much alike: the same names, and often the same values, in the same places. A text that stood
 * in its place in the entry before is recognised by its bytes and not made again, which is most of what reading costs.
 */
export class EntryDecoder {
  /** What has arrived and is not decoded yet begins here. */
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #parts: Buffer[] = [];
  /** Fewer than so many more bytes do not complete the text that is waited for. */
  #missing = 0;
  /** How many entries are still to come; unknown before the reply's head has arrived. */
  #left: number | undefined;
  #deliveries: Delivery[] = [];
  #id = "";
  /** The present entry's texts as far as they have arrived; none between two entries. */
  #fields: string[] | undefined;
  #filled = 0;
  /** By place in an entry, what stood there last. Only texts of which each character was one byte. */
  readonly #repeated: string[] = [];

  /** The entries of the reply that has ended, which are forgotten here. */
  take(): readonly Delivery[] {
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    return deliveries;
  }

  /**
   * Decodes some more of the reply. Returns what follows its end, possibly nothing; `undefined` while it has not ended.
   *
   * @throws when the bytes are no such reply
   */
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
      }
      this.#deliveries.push({ id: this.#id, fields, attempt: 1 });
      this.#fields = undefined;
      this.#left--;
    }
    return true;
  }

  /** What is short begins anew when it has not arrived whole. */
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
    const length = this.#number(DOLLAR);
    if (length === undefined || this.#isMissing(length + 2)) return undefined;
    this.#at += length + 2;
    return this.#number(ASTERISK);
  }

  /** `*2 id *n`: the place for the entry's texts. */
  #beginning(): string[] | undefined {
    if (this.#number(ASTERISK) === undefined) return undefined;
    const length = this.#number(DOLLAR);
    if (length === undefined || this.#isMissing(length + 2)) return undefined;
    this.#id = this.#bytes.toString("latin1", this.#at, this.#at + length);
    this.#at += length + 2;
    const texts = this.#number(ASTERISK);
    this.#filled = 0;
    return texts === undefined ? undefined : new Array<string>(texts);
  }

  #text(place: number): string | undefined {
    const from = this.#at;
    const length = this.#number(DOLLAR);
    if (length === undefined || this.#isMissing(length + 2)) {
      this.#at = from;
      return undefined;
    }
    const start = this.#at;
    this.#at = start + length + 2;
    if (length === 0) return "";
    const last = this.#repeated[place];
    if (last !== undefined && last.length === length && this.#stands(last, start)) return last;
    const text = this.#bytes.toString("utf8", start, start + length);
    const mayRepeat = length <= LONGEST_REPEATED && place < MOST_REPEATED;
    if (mayRepeat && text.length === length) this.#repeated[place] = text;
    return text;
  }

  #stands(text: string, at: number): boolean {
    for (let n = 0; n < text.length; n++) if (this.#bytes[at + n] !== text.charCodeAt(n)) return false;
    return true;
  }

  /** A line that is a number behind its kind's sign. */
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

  #isMissing(length: number): boolean {
    const missing = this.#at + length - this.#bytes.length;
    if (missing <= 0) return false;
    this.#wait(missing);
    return true;
  }

  #wait(bytes: number): undefined {
    this.#missing = bytes;
  }
}
