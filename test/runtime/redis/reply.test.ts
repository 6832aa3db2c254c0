import { describe, expect, it } from "vitest";
import { adviceOn } from "../../../runtime/redis/driver-error.js";
import { field, isRefusal, isReply } from "../../../runtime/redis/reply.js";

describe("a field of a flat reply", () => {
  const group = ["name", "pending", "consumers", 2, "pending", 0, "lag", null];

  it("is found by its name, also when a value before it reads the same", () => {
    expect(field(group, "name")).toBe("pending");
    expect(field(group, "pending")).toBe(0);
    expect(field(group, "lag")).toBeNull();
  });

  it("is undefined when the reply lacks it, as older servers' do", () => {
    expect(field(group, "entries-read")).toBeUndefined();
    expect(field([], "name")).toBeUndefined();
    // A name without a value, as in a reply that was cut off.
    expect(field(["name"], "name")).toBeUndefined();
  });
});

describe("an error reply", () => {
  const reply = (message: string): Error => Object.assign(new Error(message), { name: "ReplyError" });

  it("is a refusal unless it tells of a state that passes, and then there is advice", () => {
    for (const message of ["WRONGTYPE a key of another kind", "NOPERM no right", "ERR OOM"]) {
      expect(isRefusal(reply(message)), message).toBe(true);
    }
    for (const code of ["OOM", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN", "BUSY", "MISCONF"]) {
      expect(isRefusal(reply(`${code} for now`)), code).toBe(false);
      expect(adviceOn(`${code} for now`), code).toMatch(/^\. .+, and repeat$/);
    }
  });

  it("is told from an error of the connection, and from what is no error", () => {
    expect(isRefusal(new Error("WRONGTYPE"))).toBe(false);
    expect(isRefusal({ name: "ReplyError", message: "WRONGTYPE" })).toBe(false);
    expect(isRefusal(undefined)).toBe(false);
  });

  it("is known by the code with which it begins", () => {
    expect(isReply(reply("NOGROUP No such key"), "NOGROUP")).toBe(true);
    expect(isReply(reply("ERR NOGROUP"), "NOGROUP")).toBe(false);
    expect(isReply(reply("NOPERM no right"), "NOGROUP")).toBe(false);
    expect(isReply({ message: "NOGROUP" }, "NOGROUP")).toBe(false);
    expect(isReply(undefined, "NOGROUP")).toBe(false);
  });
});
