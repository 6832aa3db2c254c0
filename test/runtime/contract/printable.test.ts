import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable } from "../../../runtime/contract/printable.js";

/** Any character, and often those that a terminal, an editor or the log of a build treats in a way of its own. */
const hostile = fc.array(
  fc.oneof(
    fc.constantFrom("\n", "\r", "\t", "\u0000", "\u001b[2J", "\u009b1m", "\u007f", "\u2028", "\u2029", "\u0085"),
    fc.constantFrom("\u202e", "\u2066", "\u200f", "\u061c", "\ufeff", "\ud800", "\udc00"),
    fc.constantFrom("::warning::", "::", ":", "##[error]", "##vso[task]", "##", "[", "#", "\\u001b", " "),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
  { maxLength: 12 },
);

describe("a text for a line of a terminal or a log", () => {
  it("is one line that hides nothing, is not obeyed, and is the same when it is escaped twice", () => {
    fc.assert(
      fc.property(hostile, (parts) => {
        const line = printable(parts.join(""));
        expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u);
        expect(line.trimStart().startsWith("::")).toBe(false);
        expect(line).not.toMatch(/##\w*\[/);
        expect(printable(line)).toBe(line);
      }),
    );
  });

  it("keeps what is harmless, and can be read back", () => {
    expect(printable("events:billing-workers – größer: 5 % #1 [x] 🚀")).toBe(
      "events:billing-workers – größer: 5 % #1 [x] 🚀",
    );
    fc.assert(
      fc.property(hostile, (parts) => {
        const text = parts.join("").replaceAll("\\", "");
        const back = printable(text).replace(/\\u([0-9a-f]{4})/g, (_, code: string) =>
          String.fromCharCode(Number.parseInt(code, 16)),
        );
        expect(back).toBe(text);
      }),
    );
  });
});
