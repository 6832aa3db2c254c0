import { describe, expect, it } from "vitest";
import { checkCommand } from "../../../codegen/cli/check.js";
import { lintRules } from "../../../codegen/index.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { descriptorsOf } from "../../../codegen/model/descriptor.js";
import { buildModel } from "../../../codegen/model/model.js";
import { type Tried, tried } from "../../../codegen/upcast/trial.js";
import type { Upcaster } from "../../../runtime/index.js";
import { sound, textsOf } from "../catalogue.js";
import { runCommand } from "../cli/command.js";
import { type Outcome, Scratch } from "../scratch.js";

const EVENT = "events/order.placed.json";
const event = sound[EVENT];
const text = { type: "string" };
/** What the lint has to say of these versions is told elsewhere. */
const withoutLint = Object.fromEntries(lintRules.map((rule) => [rule, "off"]));
const party = { type: "object", properties: { name: text, mail: text }, required: ["name"] };

/** Orders with more in them, and their second version, which has an amount instead of a total. */
const versions = {
  ...sound,
  "catalogue.json": { ...sound["catalogue.json"], upcasters: "../upcasters.mjs", lint: withoutLint },
  "types/order.json": {
    ...sound["types/order.json"],
    properties: {
      total: { type: "number" },
      note: text,
      buyer: party,
      lines: { type: "array", items: { type: "object", properties: { sku: text, gift: { type: "boolean" } } } },
      tags: { type: "object", additionalProperties: text },
      codes: { $ref: "#/$defs/Numbers" },
      marks: { $ref: "#/$defs/Numbers" },
    },
    $defs: {
      ...sound["types/order.json"].$defs,
      Numbers: { type: "array", items: { type: "integer" }, uniqueItems: true },
    },
  },
  "events/order.placed.v2.json": {
    ...event,
    properties: {
      ...event.properties,
      event_type: { const: "order.placed.v2" },
      after_data: {
        type: "object",
        properties: {
          amount: { type: "number" },
          buyer: text,
          skus: { type: "array", items: text },
          tags: { type: "object", additionalProperties: text },
        },
        required: ["amount"],
      },
    },
    examples: [{ ...event.examples[0], event_type: "order.placed.v2", after_data: { amount: 1 } }],
  },
} as const;

const types = `const event = (type) => ({ kind: "event", type, stream: "events" });
const [from, to] = [event("order.placed"), event("order.placed.v2")];\n`;

/** Runs merp check on these versions with a module of upcasters. */
async function check(module: string, options: readonly string[] = [], catalogue: object = versions): Promise<Outcome> {
  await using scratch = await Scratch.create(catalogue as typeof versions);
  await scratch.write("upcasters.mjs", types + module);
  const outcome = await runCommand(checkCommand, "--schemas", scratch.path("schemas"), "--no-cache", ...options);
  return JSON.parse(
    JSON.stringify(outcome)
      .replaceAll(`${scratch.folder}/`, "")
      .replaceAll(/\.\.\/[./\w]*\/(?=schemas|upcasters)/g, ""),
  ) as Outcome;
}

const good = `export const toV2 = { from, to, upcast: ({ after_data: { total, buyer, lines = [], tags = {} } }) => ({
  after_data: { amount: total, buyer: buyer?.name ?? "", skus: lines.map(({ sku = "" }) => sku), tags },
}) };`;

const sources = sourcesOf(textsOf(versions), "schemas");
const model = buildModel(sources, readConfig(sources.config).config);
const [from, to] = descriptorsOf(model) as unknown as [Upcaster["from"], Upcaster["to"]];
/** What trying an upcaster between the versions shows. */
const outcome = (upcast: (old: Old) => unknown): Tried => tried({ from, to, upcast } as Upcaster, model, 200);
type Old = {
  readonly id: string;
  after_data: { readonly total: number; readonly note?: string; readonly tags?: object; readonly codes?: number[] };
};

describe("an upcaster must not be used if it", () => {
  let calls = 0;
  it.each<[string, (old: Old) => unknown, string]>([
    ["throws", ({ after_data }) => (after_data.note as string).length, "threw: Cannot read properties of undefined"],
    ["gives nothing", () => undefined, "must give an object, and gave a value of type undefined, with {"],
    ["gives a promise", async (old) => old, "must give an object, and gave a promise, with {"],
    [
      "gives what only a reader takes",
      () => ({ after_data: { amount: 1, extra: 1 } }),
      "gives what may not be written: after_data.extra is not",
    ],
    [
      "fails for some messages",
      ({ after_data: { total } }) => ({ after_data: { amount: total < 0 ? null : total } }),
      "gives what may not be written: after_data.amount must be",
    ],
    [
      "is not pure",
      () => ({ after_data: { amount: calls++ } }),
      "gives another message when it is called again, with {",
    ],
  ])("%s", (_, upcast, fault) => {
    expect(outcome(upcast).fault).toContain(fault);
  });

  it("or else tells what is lost: what it changes is not, nor what its envelope keeps, nor the parts of what is lost", () => {
    const losses = (upcast: (old: Old) => unknown): readonly string[] => outcome(upcast).loses;
    const all = ["buyer", "codes", "lines", "marks", "note", "tags", "total"].map((name) => `after_data.${name}`);
    expect(losses(() => ({ after_data: { amount: 1 } }))).toEqual(["after_data"]);
    expect(losses(({ after_data }) => ({ after_data: { amount: Math.sign(after_data.total) } }))).toEqual(
      all.slice(0, 6),
    );
    const counting = (old: Old): unknown => ({ after_data: { amount: Object.keys(old.after_data).length } });
    expect(losses(counting)).not.toContain("after_data.note");
    const first = ({ after_data: { codes = [] } }: Old): unknown => ({ after_data: { amount: codes[0] ?? 0 } });
    expect(losses(first)).toContain("after_data.marks");
    expect(losses(first)).not.toContain("after_data.codes[]");
    expect(losses(({ after_data: { tags, total } }) => ({ after_data: { amount: total, tags: { ...tags } } }))).toEqual(
      [...all.slice(0, 5)],
    );
  });

  it("changes the message that it is given: that is of no effect", () => {
    const mutating = ({ after_data }: Old): unknown => {
      (after_data as { total: number }).total *= 2;
      return { after_data: { amount: after_data.total } };
    };
    expect(outcome(mutating).fault).toBeUndefined();
  });
});

describe("merp check tries the upcasters of the catalogue", () => {
  it("on a thousand messages, and tells what each loses", async () => {
    const all = `${good}\nexport const all = [toV2];`;
    expect(await check(all)).toEqual({
      code: 0,
      stdout:
        "upcast order.placed to order.placed.v2: 1000 messages with the seed 1, loses after_data.buyer.mail, after_data.codes, after_data.lines[].gift, after_data.marks, after_data.note\nvalid 2 messages\n",
      stderr: "",
    });
  });

  it("and fails if one must not be used, with the place of the setting and the message", async () => {
    const { code, stderr, stdout } = await check("export const toV2 = { from, to, upcast: () => ({}) };");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^error\[upcaster\]: the upcaster toV2 from order\.placed to order\.placed\.v2 gives what may not be written: after_data is required, with \{.*\n +--> schemas\/catalogue\.json:4:16 \/upcasters\n/,
    );
  });

  it.each<[string, string, string]>([
    [
      "that are not there",
      "export const other = 1;",
      "upcasters.mjs exports no upcaster: export what upcaster(…) returns",
    ],
    ["that do not load", "throw new Error('no\\nstack');", "upcasters.mjs cannot be loaded: no\n"],
    [
      "of commands",
      "export const a = { from: { ...from, kind: 'command' }, to, upcast: () => ({}) };",
      "the command order.placed cannot be upcast",
    ],
  ])("and refuses those %s", async (_, module, text) => {
    const { code, stderr } = await check(module);
    expect(code).toBe(1);
    expect(stderr).toContain("--> schemas/catalogue.json:4:16 /upcasters\n");
    expect(stderr).toContain(text);
  });

  it("unless a type is none of the catalogue, which it tells", async () => {
    const module = "export const old = { from: event('order.p'), to, upcast: () => ({}) };";
    const { code, stdout } = await check(module);
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      "upcast order.p to order.placed.v2: not tried, since order.p is no message of this catalogue",
    ]);
    const printed = await check(module, ["--format", "json"]);
    const told = { from: "order.p", to: "order.placed.v2", messages: 0, seed: 1, loses: [], unknown: "order.p" };
    expect(JSON.parse(printed.stdout)).toEqual({ problems: [], warnings: [], upcasters: [told] });
  });

  it("and refuses a setting that names no module", async () => {
    const catalogue = { ...versions, "catalogue.json": { upcasters: "upcasters.json" } };
    const { code, stderr } = await check("", [], catalogue);
    expect(code).toBe(1);
    expect(stderr).toContain("must be a path relative to the schemas folder that begins with ./ or ../");
  });
});
