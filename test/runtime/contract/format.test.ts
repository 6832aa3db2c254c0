import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isUuid } from "../../../runtime/contract/format.js";

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
