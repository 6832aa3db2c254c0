import { randomUUID } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { formats, isUuid, tolerantFormats } from "../../../runtime/contract/format.js";
import { takesFewSteps } from "../../../runtime/contract/pattern-steps.js";
import { runs } from "../../support/runs.js";

const uuid = "985329c1-9789-4731-b311-205992b09849";

describe("isUuid", () => {
  it("accepts UUIDs of any version, in either case", () => {
    for (const text of [uuid, uuid.toUpperCase(), randomUUID(), "00000000-0000-0000-0000-000000000000"]) {
      expect(isUuid(text), text).toBe(true);
    }
  });

  it("refuses a text in which a character stands where none like it may", () => {
    for (let at = 0; at < uuid.length; at++) {
      for (const other of ["g", "G", "-", "a", " ", "é", "中", "\0"]) {
        const isSame = uuid[at] === "-" ? other === "-" : other === "a";
        expect(isUuid(uuid.slice(0, at) + other + uuid.slice(at + 1)), `${other} at ${at}`).toBe(isSame);
      }
    }
  });

  it("refuses what is too short, too long, or has no dashes", () => {
    for (const text of ["", uuid.slice(1), `${uuid}0`, uuid.replaceAll("-", ""), uuid.replaceAll("-", "0")]) {
      expect(isUuid(text), text).toBe(false);
    }
  });
});

describe("the formats of addresses", () => {
  const part = fc.oneof(
    fc.constantFrom("", ":", "::", ".", "%", "0", "1", "00", "255", "256", "g", "ffff", "ABCD", "12345", "127.0.0.1"),
    fc.nat({ max: 300 }).map(String),
  );
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join(":")),
    fc.array(part, { maxLength: 5 }).map((parts) => parts.join(".")),
    fc.array(part, { maxLength: 6 }).map((parts) => parts.join("")),
    fc.tuple(fc.ipV6(), part, fc.nat(40)).map(([text, more, at]) => text.slice(0, at) + more + text.slice(at)),
  );

  it("accept what Node accepts, less the zones of IPv6", () => {
    fc.assert(
      fc.property(address, (text) => {
        expect(formats["ipv4"]?.(text), text).toBe(isIPv4(text));
        expect(formats["ipv6"]?.(text), text).toBe(isIPv6(text) && !text.includes("%"));
      }),
      runs(2000),
    );
  });
});

describe.each<[string, readonly string[], readonly string[]]>([
  ["date", ["2024-02-29"], ["2025-02-29", "2025-1-1", "2025-01-01T00:00:00Z", ""]],
  [
    "time",
    ["10:30:00Z", "10:30:00.5+05:30", "23:59:60z"],
    ["10:30:00", "10:30Z", "24:00:00Z", "10:30:00.Z", " 10:30:00Z"],
  ],
  [
    "email",
    ["ada@example.com", "a.b+c@x", "A@B.C", `a@${"b".repeat(63)}.de`],
    ["ada", "@x", "a@", "a..b@x", ".a@x", "a@b@c", "a@-x", "a@x-", "a b@x", "a@x.", `a@${"b".repeat(64)}.de`],
  ],
  [
    "hostname",
    ["localhost", "a-b.C9", "x", `${"a".repeat(63)}.de`],
    ["", "-a", "a-", "a..b", "a_b", ".a", "a.", `${"a".repeat(64)}.de`, "a.".repeat(127)],
  ],
  ["ipv4", ["127.0.0.1"], ["1.2.3", "256.0.0.1", "1.2.3.4.5", "::1"]],
  [
    "ipv6",
    ["::1", "2001:db8::8a2e:370:7334"],
    ["fe80::1%eth0", "127.0.0.1", ":::", "1::2::3", "1:2:3:4::5:6:7:8", "1::2:3.4.5.6:7"],
  ],
  [
    "uri",
    ["https://example.com/a?b#c", "urn:x", "a+b.c-1:%2F"],
    ["example.com", "//x", "1a:b", "a:b c", "a:<b>", "a:%2", "a:%zz", ":a"],
  ],
])("the format %s", (format, valid, invalid) => {
  it("is that of its standard, for writers and for readers", () => {
    for (const formatsOf of [formats, tolerantFormats]) {
      const accepts = formatsOf[format];
      expect(valid.filter((text) => accepts?.(text) !== true)).toEqual([]);
      expect(invalid.filter((text) => accepts?.(text) !== false)).toEqual([]);
    }
  });
});

describe("a format", () => {
  it("is decided in few steps for each character", () => {
    const tested = new Set<string>();
    const test = vi.spyOn(RegExp.prototype, "test").mockImplementation(function (this: RegExp) {
      tested.add(this.source);
      return true;
    });
    for (const check of Object.values(tolerantFormats)) {
      for (const text of ["a@b.c", "1::1.2.3.4", "10:00:00Z", "a:b"]) check(text);
    }
    test.mockRestore();
    expect(tested.size).toBe(7);
    expect([...tested].filter((source) => !takesFewSteps(source))).toEqual([]);
  });

  it("of an address does not take a text apart that is longer than any", () => {
    const split = vi.spyOn(String.prototype, "split");
    const verdict = formats["ipv6"]?.("a:".repeat(500_000));
    const { length: calls } = split.mock.calls;
    split.mockRestore();
    expect([verdict, calls]).toEqual([false, 0]);
    expect(formats["ipv6"]?.("0000:0000:0000:0000:0000:ffff:255.255.255.255")).toBe(true);
  });
});
