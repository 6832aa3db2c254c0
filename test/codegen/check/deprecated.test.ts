import { describe, expect, it } from "vitest";
import { sunsetWarnings } from "../../../codegen/check/sunset.js";
import { checkCommand } from "../../../codegen/cli/check.js";
import { formatProblem, lintRules } from "../../../codegen/index.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { generated, problemsOf, sound, textsOf } from "../catalogue.js";
import { runCommand } from "../cli/command.js";
import { Scratch } from "../scratch.js";

const EVENT = "events/order.placed.json";
const TYPE = "types/order.json";
const note = { type: "string", description: "A remark.", deprecated: true, sunset: "2027-03-01", replacedBy: "notes" };

/** The catalogue with more said of the event, and of the note of an order. */
const saying = (ofEvent: object, ofNote: object = {}, ofOrder: object = {}) => ({
  ...sound,
  [EVENT]: { ...sound[EVENT], ...ofEvent },
  [TYPE]: {
    ...sound[TYPE],
    ...ofOrder,
    properties: { ...sound[TYPE].properties, note: { type: "string", ...ofNote } },
  },
});

const deprecated = { deprecated: true, sunset: "2027-03-01", replacedBy: "order.placed.v2" };

describe("what is deprecated", () => {
  it("tells in the generated types and helpers what replaces it, and its sunset", async () => {
    const files = await generated(saying(deprecated, note, { deprecated: true, sunset: "2028-01-31" }));
    const event = files.get("events/order.placed.ts") ?? "";
    const tag = "@deprecated Use `order.placed.v2` instead. Its sunset is 2027-03-01.";
    for (const before of ["interface OrderPlaced ", "function publishOrderPlaced<"]) {
      const [comment = ""] = event.slice(0, event.indexOf(before)).split("/**").slice(-1);
      expect(comment, before).toContain(tag);
    }
    expect(event.slice(event.indexOf("Registers a handler"))).toContain(` * ${tag}\n`);
    expect(files.get("handlers.ts")).toContain(tag);
    expect(files.get("types/order.ts")).toContain("@deprecated Use `notes` instead. Its sunset is 2027-03-01.");
    expect(files.get("types/order.ts")).toContain("@deprecated Its sunset is 2028-01-31.");
    // Nothing of it is there at run time.
    expect([...files].filter(([path, text]) => path.startsWith("schemas/") && /sunset|2027/.test(text))).toEqual([]);
  });

  it.each<[string, object, string]>([
    [
      "a sunset alone",
      { sunset: "2027-03-01" },
      '/sunset: "sunset" is about what is deprecated; add "deprecated": true',
    ],
    [
      "a replacement alone",
      { replacedBy: "a", deprecated: false },
      '/replacedBy: "replacedBy" is about what is deprecated',
    ],
    ["a date that is no day", { ...deprecated, sunset: "2027-02-30" }, "/sunset: must be a day as YYYY-MM-DD"],
    ["another form of date", { ...deprecated, sunset: "1 March 2027" }, "/sunset: must be a day as YYYY-MM-DD"],
    ["a time", { ...deprecated, sunset: "2027-03-01T00:00:00Z" }, "/sunset: must be a day as YYYY-MM-DD"],
    ["a number", { ...deprecated, sunset: 2027 }, "/sunset: must be a day as YYYY-MM-DD"],
    ["a sentence", { ...deprecated, replacedBy: "use notes */" }, "/replacedBy: must be a name: letters, digits"],
  ])("is refused with %s, at its place", async (_, ofNote, text) => {
    const atEvent = await problemsOf(saying(ofNote));
    const atProperty = await problemsOf(saying({}, ofNote));
    expect(atEvent).toEqual([expect.stringMatching(/^schemas\/events\/order\.placed\.json:\d+:\d+ \//)]);
    expect(atEvent[0]).toContain(text);
    expect(atProperty).toEqual([expect.stringContaining(`/properties/note${text}`)]);
  });
});

describe("a sunset", () => {
  const files = saying(deprecated, note);
  const warnings = (today: string, given: object = files): readonly string[] =>
    sunsetWarnings(sourcesOf(textsOf(given as typeof files), "schemas"), today).map(formatProblem);

  it("is warned of from its day on", () => {
    const successor = { ...sound[EVENT], properties: { event_type: { const: "order.placed.v2" } } };
    const both = { ...files, "events/order.placed.v2.json": successor };
    expect(warnings("2027-02-28", both)).toEqual([]);
    expect(warnings("2027-03-01", both)).toEqual([
      "schemas/events/order.placed.json:29:13 /sunset: the sunset of what `order.placed.v2` replaces was 2027-03-01; remove it when nobody writes it, or set a later day",
      expect.stringMatching(
        /^schemas\/types\/order\.json:\d+:\d+ \/properties\/note\/sunset: the sunset of what `notes`/,
      ),
    ]);
  });

  it("is no problem: merp check exits with 0, and prints the warnings for people and for programs", async () => {
    const lint = Object.fromEntries(lintRules.map((rule) => [rule, "off"]));
    const quiet = { ...files, "catalogue.json": { ...sound["catalogue.json"], lint } };
    await using scratch = await Scratch.create(quiet as typeof files);
    const at = ["--schemas", scratch.path("schemas"), "--no-cache", "--today"];
    const { code, stdout, stderr } = await runCommand(checkCommand, ...at, "2027-03-01");
    expect([code, stdout]).toEqual([0, "valid 1 message, 3 warnings\n"]);
    expect(stderr.match(/^warning\[sunset\]: .*/gm)).toEqual([
      expect.stringContaining("the sunset of what `order.placed.v2` replaces was 2027-03-01"),
      expect.stringContaining('"order.placed.v2" is no message of this catalogue'),
      expect.stringContaining("the sunset of what `notes` replaces"),
    ]);
    const early = await runCommand(checkCommand, ...at, "2026-01-01", "--format", "json");
    expect(JSON.parse(early.stdout)).toMatchObject({
      problems: [],
      warnings: [{ rule: "sunset", pointer: "/replacedBy" }],
    });
    expect(await scratch.merp("check", ...at, "tomorrow")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("tomorrow"),
    });
  });
});
