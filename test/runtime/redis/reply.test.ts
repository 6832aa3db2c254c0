import { describe, expect, it } from "vitest";
import { field } from "../../../runtime/redis/reply.js";

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
  });
});
