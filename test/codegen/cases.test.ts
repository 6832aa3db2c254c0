import { describe, expect, it } from "vitest";
import { readCases, updateCase } from "./case.js";
import { generated } from "./catalogue.js";

describe.each(readCases())("the case $name", (one) => {
  it("generates what its document shows", async () => {
    const files = await generated(Object.fromEntries(one.schemas));
    if (process.env["UPDATE_CASES"] === "1") updateCase(one, files);
    else for (const [path, text] of one.expected) expect(files.get(path), path).toBe(text);
  });
});
