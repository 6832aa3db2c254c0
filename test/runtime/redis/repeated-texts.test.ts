import { describe, expect, it } from "vitest";
import { RepeatedTexts } from "../../../runtime/redis/repeated-texts.js";

describe("the texts that repeat", () => {
  const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  /** Has each text read in the same place, one after another, and returns how many bytes of the next were found to repeat. */
  function spans(texts: readonly string[], cut = 0): number[] {
    const repeated = new RepeatedTexts();
    const all = Buffer.from(texts.map(bulk).join(""));
    repeated.renew(all.subarray(0, all.length - cut));
    let from = 0;
    return texts.map((text) => {
      const [length, whole] = [Buffer.byteLength(text), Buffer.byteLength(bulk(text))];
      const span = repeated.spanAt(1, from);
      if (span > 0) expect(repeated.last(1)).toBe(text);
      else if (from + whole <= all.length - cut) {
        expect(repeated.text(1, { from, start: from + whole - length - 2, length })).toBe(text);
      }
      from += whole;
      return span;
    });
  }

  it("are found where all their bytes are the same", () => {
    expect(spans(["a", "a", "b", "b"])).toEqual([0, 7, 0, 7]);
    const long = "company_id of 20 characters";
    expect(spans([long, long, `${long}.`, `x${long.slice(1)}.`])).toEqual([0, 34, 0, 0]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("are told apart by any one of their bytes: %i", (length) => {
    const text = "a".repeat(length);
    for (let at = 0; at < length; at++) {
      expect(spans([text, `${text.slice(0, at)}b${text.slice(at + 1)}`])).toEqual([0, 0]);
    }
  });

  it("are not found before they have arrived whole", () => {
    expect(spans(["same", "same"], 1)).toEqual([0, 0]);
  });

  it("are not found among other bytes", () => {
    const repeated = new RepeatedTexts();
    const bytes = Buffer.from(bulk("same"));
    repeated.renew(bytes);
    repeated.text(1, { from: 0, start: 4, length: 4 });
    expect(repeated.spanAt(1, 0)).toBe(bytes.length);
    repeated.renew(Buffer.from(bulk("else")));
    expect(repeated.spanAt(1, 0)).toBe(0);
  });

  it("are none that have more bytes than characters, are long, or stand far behind", () => {
    expect(spans(["é", "é"])).toEqual([0, 0]);
    expect(spans(["l".repeat(65), "l".repeat(65)])).toEqual([0, 0]);
    expect(new RepeatedTexts().spanAt(128, 0)).toBe(0);
  });
});
