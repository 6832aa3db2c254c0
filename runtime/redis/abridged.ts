import { namesType } from "../contract/codec.js";

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
