import { describe, expect, it } from "vitest";
import { problemsOf, sound } from "../catalogue.js";

const type = { type: "string" };
const characters = "the path of a schema file may contain only letters, digits, `.`, `_` and `-`";

describe("the path of a schema file", () => {
  it.each([
    ["types/my type.json", characters],
    ["types/caf\u00e9.json", characters],
    ["types/cafe\u0301.json", characters],
    ["types/-a.json", characters],
    [".git/a.json", characters],
    ["types/con.json", '"con.json" is the name of a device in Windows; choose another name'],
    ["types/NUL.b.json", '"NUL.b.json" is the name of a device in Windows; choose another name'],
    ["aux/a.json", '"aux" is the name of a device in Windows; choose another name'],
    ["types/com1.json", '"com1.json" is the name of a device in Windows; choose another name'],
    ["types./a.json", "Windows has no folder whose name ends in a point"],
    [`types/${"a".repeat(196)}.json`, "the name of a file or a folder has at most 200 characters"],
  ])("is refused: %s", async (path, sentence) => {
    expect(await problemsOf({ ...sound, [path]: type })).toEqual([`schemas/${path}:1:1: ${sentence}`]);
  });

  it.each(["types/console.json", "types/com.json", "types/a.con.json", `types/${"a".repeat(195)}.json`])(
    "is accepted: %s",
    async (path) => {
      expect(await problemsOf({ ...sound, [path]: type })).toEqual([]);
    },
  );
});
