import { describe, expect, it } from "vitest";
import { describeFailure } from "../../../runtime/handle/failure.js";
import { DecodeError } from "../../../runtime/index.js";

const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("the description of a failure", () => {
  it("has the error's name, code, message and the first four lines of its stack", () => {
    const error = Object.assign(new TypeError("no such user"), { code: "E_USER" });
    error.stack = ["TypeError: no such user", "  one", "  two", "  three", "  four", "  five"].join("\n");
    expect(describeFailure(error)).toEqual({
      at,
      name: "TypeError",
      code: "E_USER",
      message: "no such user",
      stack: "  one\n  two\n  three\n  four",
    });
  });

  it("leaves out a code that is no text, a stack that is empty, and the stack of our own errors", () => {
    const error = Object.assign(new Error("m"), { code: 7 });
    error.stack = "Error: m";
    expect(describeFailure(error)).toEqual({ at, name: "Error", message: "m" });
    Object.assign(error, { stack: undefined });
    expect(describeFailure(error)).toEqual({ at, name: "Error", message: "m" });
    expect(describeFailure(new DecodeError("torn"))).toEqual({
      at,
      name: "DecodeError",
      code: "ENTRY_UNREADABLE",
      message: "torn",
    });
  });

  it.each<[unknown, string, string]>([
    ["text", "string", "text"],
    [undefined, "undefined", "undefined"],
    [null, "object", "null"],
    [{ why: 1 }, "object", '{"why":1}'],
    [Symbol("s"), "symbol", "Symbol(s)"],
    [7n, "bigint", "it could not be described"],
    [Object.assign(Object.create(null), { self: globalThis }), "object", "it could not be described"],
  ])("names the type of what is no error, and its text where it has one: %o", (thrown, name, message) => {
    expect(describeFailure(thrown)).toEqual({ at, name, message });
  });

  it("is bounded, and well-formed where it is not cut", () => {
    const long = "x".repeat(1001);
    const error = Object.assign(new Error(long), { code: long, name: long });
    error.stack = `Error\n${long}`;
    const cut = `${"x".repeat(1000)}…`;
    expect(describeFailure(error)).toEqual({ at, name: cut, code: cut, message: cut, stack: cut });
    expect(describeFailure("x".repeat(1000)).message).toBe("x".repeat(1000));
    expect(describeFailure("lone \ud800").message).toBe("lone \ufffd");
  });
});
