/** Room for as many bytes. Longer values are rare, and get a buffer of their own. */
const MOST = 3072;
/** What UTF-8 needs at most for a unit of UTF-16. */
const BYTES_PER_UNIT = 3;

/** Room for the bytes of one value at a time, without a buffer for each. Bytes that it gave hold until it is asked again. */
export class Scratch {
  readonly #room = Buffer.allocUnsafeSlow(MOST);
  /** By their length. */
  readonly #views: Buffer[] = [];

  /** So many bytes, of any content. */
  of(size: number): Buffer {
    if (size > MOST) return Buffer.allocUnsafe(size);
    const view = this.#views[size] ?? this.#room.subarray(0, size);
    this.#views[size] = view;
    return view;
  }

  /** The bytes of a text. */
  from(text: string, encoding: "utf8" | "base64url"): Buffer {
    if (text.length * BYTES_PER_UNIT > MOST) return Buffer.from(text, encoding);
    return this.of(this.#room.write(text, encoding));
  }
}
