import { describe, expect, it } from "vitest";
import { Canaries } from "./canaries.js";

describe("a canary", () => {
  const canaries = new Canaries();
  const secret = canaries.plant("a place");
  const behind = (bytes: number, encoding: "utf8" | "utf16le"): Buffer =>
    Buffer.concat([Buffer.alloc(bytes, "-"), Buffer.from(secret, encoding), Buffer.from("-")]);
  const bigEndian = Buffer.from(secret, "utf16le").swap16();

  it.each<readonly [string, unknown]>([
    ["as it is", secret],
    ["in capital letters", secret.toUpperCase()],
    ["in small letters", secret.toLowerCase()],
    ["in the cause of an error", new Error("x", { cause: { secret } })],
    ...([0, 1, 2] as const).flatMap((bytes) =>
      (["utf8", "utf16le"] as const).flatMap((encoding) => [
        [`in base64 of ${encoding}, behind ${bytes} bytes`, behind(bytes, encoding).toString("base64")] as const,
        [`in base64url of ${encoding}, behind ${bytes} bytes`, behind(bytes, encoding).toString("base64url")] as const,
      ]),
    ),
    ["in base64 of UTF-16 with the high byte first", bigEndian.toString("base64")],
    ["in hexadecimal digits", Buffer.from(secret).toString("hex")],
    ["in capital hexadecimal digits", Buffer.from(secret).toString("hex").toUpperCase()],
    ["in hexadecimal digits of UTF-16", Buffer.from(secret, "utf16le").toString("hex")],
    ["as a buffer", Buffer.from(secret)],
    ["as a buffer of UTF-16", Buffer.from(secret, "utf16le")],
    ["as bytes", new Uint8Array(Buffer.from(secret))],
    ["as a buffer in JSON", JSON.stringify(Buffer.from(secret, "utf16le"))],
    ["as an address", [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join("")],
    ["with escapes of JSON", [...secret].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join("")],
    ["as UTF-16 that was read as a text", Buffer.from(secret, "utf16le").toString("latin1")],
  ])("is found %s", (_, said) => {
    canaries.hear(said);
    expect(canaries.escaped()).not.toEqual([]);
  });

  it("is found in a file", () => {
    expect(canaries.isIn(behind(5, "utf8"))).toBe(true);
    expect(canaries.isIn(behind(5, "utf16le"))).toBe(true);
    expect(canaries.isIn(Buffer.from("canaries.ts"))).toBe(false);
  });

  it("is not taken for another text", () => {
    canaries.hear("at canaries.ts:12", "Canary Islands", "67, 97");
    expect(canaries.escaped()).toEqual([]);
  });
});
