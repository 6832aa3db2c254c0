import { bytesOf, type FlatFields, namesType, textLength } from "../contract/codec.js";
import type { Delivery } from "./delivery.js";

/**
 * Of an entry that is too large to be read, these fields are read: up to so many of those of which neither the name nor the
 * value has more bytes, and in any case the first that names its type. They tell what it is, and who waits for an answer.
 */
export const BRIEF = { longest: 200, most: 64 } as const;

/** The short fields of an entry, of which names and values are added in turn. */
export class BriefFields {
  readonly fields: string[] = [];
  #name: string | undefined;
  #isTyped = false;

  /** @param text - `undefined` for one that is not short */
  add(place: number, text: string | undefined): void {
    const short = text !== undefined && Buffer.byteLength(text) <= BRIEF.longest ? text : undefined;
    if (place % 2 === 0) this.#name = short;
    else if (this.#name !== undefined && short !== undefined) this.#add(this.#name, short);
  }

  #add(name: string, value: string): void {
    const isType = !this.#isTyped && namesType(name);
    this.#isTyped ||= isType;
    if (isType || this.fields.length < 2 * BRIEF.most) this.fields.push(name, value);
  }
}

/**
 * What is delivered of an entry: its fields, and how many bytes they have. Of one of more bytes than `most`, or of more names
 * and values, these are its short fields, and it says how large it is.
 */
export function abridged(fields: FlatFields, most: number): Pick<Delivery, "fields" | "length" | "oversizedBytes"> {
  const length = textLength(fields);
  const size = Math.max(bytesOf(fields, most), fields.length);
  if (size <= most) return { fields, length };
  const brief = new BriefFields();
  for (const [place, text] of fields.entries()) brief.add(place, text);
  return { fields: brief.fields, length: textLength(brief.fields), oversizedBytes: size };
}
