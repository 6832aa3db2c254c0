import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../runtime/errors.js";
import { describeFailure } from "../../../runtime/handle/failure.js";

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

  it.each<[string, unknown, string, string]>([
    ["a text", "text", "string", "text"],
    ["undefined", undefined, "undefined", "undefined"],
    ["null", null, "object", "null"],
    ["an object", { why: 1 }, "object", '{"why":1}'],
    ["a symbol", Symbol("s"), "symbol", "Symbol(s)"],
    ["a bigint", 7n, "bigint", "it could not be described"],
    ["an object that holds everything", { self: globalThis }, "object", "it could not be described"],
  ])("names the type of what is no error, and its text where it has one: %s", (_, thrown, name, message) => {
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
