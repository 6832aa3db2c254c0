import { symlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { CatalogueError, formatProblem, generate } from "../../../codegen/index.js";
import { sound } from "../catalogue.js";
import { Scratch } from "../scratch.js";

/** The problems of a catalogue on disk, as they are printed. */
async function problemsOn(arrange: (scratch: Scratch) => Promise<void>): Promise<readonly string[]> {
  await using scratch = await Scratch.create({ ...sound, "catalogue.json": { name: "shop" } });
  await arrange(scratch);
  try {
    await generate(scratch.path("schemas"));
    return [];
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    return error.problems.map((problem) => formatProblem(problem).replace(`${scratch.folder}/`, ""));
  }
}

describe("a schema file that cannot be read as it is", () => {
  const elsewhere = (scratch: Scratch) => scratch.write("elsewhere/types/other.json", '{ "type": "string" }');
  const link = "is a link, which is not followed; put what it leads to in its place";

  it.each<[what: string, arrange: (scratch: Scratch) => Promise<void>, problem: string]>([
    [
      "is a link",
      async (scratch) => {
        await elsewhere(scratch);
        await symlink(scratch.path("elsewhere/types/other.json"), scratch.path("schemas/types/other.json"));
      },
      `schemas/types/other.json:1:1: ${link}`,
    ],
    [
      "is a link to itself",
      (scratch) => symlink("other.json", scratch.path("schemas/types/other.json")),
      `schemas/types/other.json:1:1: ${link}`,
    ],
    [
      "lies behind a link",
      async (scratch) => {
        await elsewhere(scratch);
        await symlink(scratch.path("elsewhere/types"), scratch.path("schemas/types/shared"));
      },
      `schemas/types/shared:1:1: ${link}`,
    ],
    [
      "has an upper-case ending",
      (scratch) => scratch.write("schemas/types/other.JSON", '{ "type": "string" }'),
      'schemas/types/other.JSON:1:1: the name of a schema file ends in ".json" in lower case',
    ],
    [
      "is encoded in Latin-1",
      (scratch) =>
        writeFile(scratch.path("schemas/types/other.json"), Buffer.from('{ "enum": ["caf\u00e9"] }', "latin1")),
      "schemas/types/other.json:1:1: is not encoded in UTF-8; save it in UTF-8",
    ],
    [
      "is encoded in UTF-16",
      (scratch) => writeFile(scratch.path("schemas/types/other.json"), Buffer.from("\ufeff{}", "utf16le")),
      "schemas/types/other.json:1:1: is not encoded in UTF-8; save it in UTF-8",
    ],
    [
      "begins with a byte order mark",
      (scratch) => scratch.write("schemas/types/other.json", '\ufeff{\r\n  "type": "string"\r\n}'),
      "schemas/types/other.json:1:1: begins with a byte order mark, which JSON does not allow; save it in UTF-8 without one",
    ],
  ])("is refused: it %s", async (_, arrange, problem) => {
    expect(await problemsOn(arrange)).toEqual([problem]);
  });
});

it("passes over what is no schema file, also a link to it, and reads lines that end as in Windows", async () => {
  const problems = await problemsOn(async (scratch) => {
    await scratch.write("schemas/README.md", "# Schemas");
    await symlink("README.md", scratch.path("schemas/LIESMICH.md"));
    await symlink("nowhere", scratch.path("schemas/gone"));
    // The lock of an editor.
    await symlink("somebody@somewhere.4711", scratch.path("schemas/types/.#other.json"));
    await scratch.write("schemas/types/other.json", '{\r\n  "type": "string"\r\n}\r\n');
  });
  expect(problems).toEqual([]);
});
