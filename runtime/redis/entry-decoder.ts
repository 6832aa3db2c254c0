import { BRIEF, BriefFields } from "../broker/abridged.js";
import type { Delivery } from "../broker/delivery.js";
import { namesType } from "../contract/codec.js";
import { RepeatedTexts } from "./repeated-texts.js";

export const ASTERISK = 42;
export const PERCENT = 37;
const [CARRIAGE_RETURN, DOLLAR, MINUS, ZERO] = [13, 36, 45, 48] as const;
/** More bytes than an entry can have. A small whole number: with an infinite one each text costs a number on the heap. */
const UNBOUNDED = 2 ** 31 - 1;

/**
 * Decodes the reply to an `XREADGROUP` of one stream, in either version of Redis' protocol, as its bytes arrive. A text that
 * equals the last one in its place, as most do, is recognised by its bytes and not created again: that is most of the cost.
 */
export class EntryDecoder {
  /** Of an entry of another type no more is decoded than its type. Without a list each is decoded whole. */
  wanted: ReadonlySet<string | undefined> | undefined;
  /** Of an entry of more bytes no more is decoded, or held, than its short fields. */
  maxEntryBytes: number = UNBOUNDED;
  #bytes: Buffer = Buffer.alloc(0);
  /** The bytes from here on are not decoded yet. */
  #at = 0;
  #parts: Buffer[] = [];
  /** At least so many more bytes are needed to go on. */
  #missing = 0;
  /** How many of the bytes that are to come are let go. */
  #skipped = 0;
  /** How many entries are still to come; `undefined` before the reply's head has arrived. */
  #left: number | undefined;
  readonly #deliveries: Delivery[] = [];
  #id = "";
  /** The current entry's texts, filled as they arrive; `undefined` between two entries. */
  #fields: string[] | undefined;
  #filled = 0;
  /** How many of the entry's texts are still to be passed over. */
  #unread = 0;
  /** The bytes of the entry's texts. */
  #length = 0;
  /** Whether a text that was not decoded makes the entry too large. */
  #isTooLong = false;
  #isTyped = false;
  /** Of an entry that is too large: its short fields, and how many texts it has. */
  #brief: BriefFields | undefined;
  #texts = 0;
  readonly #repeated = new RepeatedTexts();

  /** Hands over the entries that are decoded. */
  take(): readonly Delivery[] {
    return this.#deliveries.splice(0);
  }

  /** Decodes more of the reply. Returns the bytes after its end, `undefined` before. @throws if it is no such reply */
  write(chunk: Buffer): Buffer | undefined {
    const from = Math.min(this.#skipped, chunk.length);
    this.#skipped -= from;
    if (this.#skipped > 0) return undefined;
    this.#parts.push(from === 0 ? chunk : chunk.subarray(from));
    this.#missing -= chunk.length - from;
    if (this.#missing > 0) return undefined;
    this.#bytes = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    this.#at = 0;
    this.#repeated.renew(this.#bytes);
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
        if (text === undefined) {
          if (!this.#isTooLong) return false;
          this.#abridge(fields.length, fields);
          break;
        }
        fields[this.#filled++] = text;
        if (!this.#isTyped && this.#filled % 2 === 0) this.#lookAtType(fields);
      }
      if (this.#brief !== undefined) {
        if (!this.#abridged(this.#brief)) return false;
      } else {
        for (; this.#unread > 0; this.#unread--) if (!this.#letGo()) return false;
        this.#deliveries.push({ id: this.#id, fields, length: this.#length, attempt: 1 });
      }
      this.#fields = undefined;
      this.#left--;
    }
    return this.#skipped === 0;
  }

  /** From here on only short fields are kept of an entry. @param known - its first texts, as far as they are decoded */
  #abridge(texts: number, known: readonly string[] = []): string[] {
    this.#isTooLong = false;
    this.#texts = texts;
    this.#brief = new BriefFields();
    for (let place = 0; place < this.#filled; place++) this.#brief.add(place, known[place]);
    this.#fields = [];
    return this.#fields;
  }

  /** Decodes the short fields of the rest of an entry that is too large. Returns whether it has ended. */
  #abridged(brief: BriefFields): boolean {
    for (; this.#filled < this.#texts; this.#filled++) {
      const length = this.#textLength(BRIEF.longest);
      if (length === undefined && !this.#isTooLong) return false;
      const text = length === undefined ? undefined : this.#bytes.toString("utf8", this.#at, this.#at + length);
      brief.add(this.#filled, text);
      if (length === undefined) this.#letGo();
      else this.#advance(length);
    }
    const oversizedBytes = Math.max(this.#length, this.#texts);
    this.#deliveries.push({ id: this.#id, fields: brief.fields, oversizedBytes, attempt: 1 });
    this.#brief = undefined;
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
    if (texts === undefined) return undefined;
    return texts <= this.maxEntryBytes ? new Array<string>(texts) : this.#abridge(texts);
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

  /** Passes over a text that is not needed, as it arrives. Returns whether its length is known. */
  #letGo(): boolean {
    const length = this.#number(DOLLAR);
    this.#isTooLong = false;
    if (length !== undefined) this.#advance(length);
    return length !== undefined;
  }

  /** Goes on behind a text, of which not all need have arrived. */
  #advance(length: number): void {
    this.#length += length;
    const end = this.#at + length + 2;
    this.#at = Math.min(end, this.#bytes.length);
    this.#skipped = end - this.#at;
  }

  #text(place: number): string | undefined {
    const from = this.#at;
    const span = this.#repeated.spanAt(place, from);
    if (span > 0) {
      const repeated = this.#repeated.last(place);
      if (this.#length + repeated.length <= this.maxEntryBytes) {
        this.#at = from + span;
        this.#length += repeated.length;
        return repeated;
      }
    }
    const length = this.#textLength(this.maxEntryBytes - this.#length);
    if (length === undefined) return undefined;
    const start = this.#at;
    this.#at += length + 2;
    this.#length += length;
    return length === 0 ? "" : this.#repeated.text(place, { from, start, length });
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

  /** The length of a text. Goes back to where it began when the text has not arrived in full, or is too long. */
  #textLength(most = UNBOUNDED): number | undefined {
    const from = this.#at;
    const length = this.#number(DOLLAR);
    if (length === undefined) return undefined;
    const missing = this.#at + length + 2 - this.#bytes.length;
    if (missing <= 0 && length <= most) return length;
    this.#at = from;
    this.#isTooLong = length > most;
    return this.#isTooLong ? undefined : this.#wait(missing);
  }

  #wait(bytes: number): undefined {
    this.#missing = bytes;
  }
}
