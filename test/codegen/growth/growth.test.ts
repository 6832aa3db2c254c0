import { describe, expect, it } from "vitest";
import { CatalogueError, compile } from "../../../codegen/index.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { syntheticEvent } from "../../bench/synthetic-catalogue.js";
import { type Files, problemsOf, sound, textsOf } from "../catalogue.js";
import { shapes } from "./shape.js";
import { stepsOf } from "./steps.js";

/** Generates a catalogue, or finds its problems. */
async function run(texts: ReadonlyMap<string, string>): Promise<void> {
  await compile(sourcesOf(texts, "schemas"), "schemas").catch((error: unknown) => {
    if (!(error instanceof CatalogueError)) throw error;
  });
}

/** Events whose schemas are written out in each file, and differ in little. */
function messagesAlike(size: number): Files {
  const events = Array.from({ length: size }, (_, at) => syntheticEvent(at));
  return Object.fromEntries(events.map(({ type, schema }) => [`events/${type}.json`, schema]));
}

it("has thousands of types that refer to each other, which a service can write and read", () => {
  const size = 5000;
  const types = Array.from({ length: size }, (_, at) => {
    const properties = { next: { $ref: `#/$defs/R${(at + 1) % size}` }, a: { type: "string" } };
    return [`R${at}`, { type: "object", properties }] as const;
  });
  const schema: Schema = { $ref: "#/$defs/R0", $defs: Object.fromEntries(types) };
  const [writes, reads] = [compileWriter(schema), compileReader(schema)];
  expect(writes({ next: { next: { a: "x" } } })).toBeUndefined();
  expect(writes({ next: { next: { a: 1, b: 2 } } })).toEqual([
    { path: "next.next.b", message: "is not in the contract" },
    { path: "next.next.a", message: "must be text, got 1" },
  ]);
  expect(reads({ next: { next: { b: 2 } } })).toBeUndefined();
  expect(reads({ next: { next: { a: 1 } } })).toEqual([{ path: "next.next.a", message: "must be text, got 1" }]);
});

it("has thousands of types that each narrow the next", async () => {
  const types = Array.from(
    { length: 3000 },
    (_, at) => [`N${at}`, { $ref: `#/$defs/N${at + 1}`, minLength: at }] as const,
  );
  const $defs = { ...Object.fromEntries(types), N3000: { type: "string" } };
  expect(await problemsOf({ ...sound, "types/chain.json": { $defs } })).toEqual([]);
});

it("is refused if its types lead to each other, and to the first, through too many layers", async () => {
  const types = Array.from({ length: 3000 }, (_, at) => {
    const properties = { a: { $ref: "#/$defs/N0" } };
    return [`N${at}`, { type: "object", $ref: `#/$defs/N${at + 1}`, properties }] as const;
  });
  const last = { type: "object", properties: { a: { $ref: "#/$defs/N0" } } };
  const problems = await problemsOf({
    ...sound,
    "types/chain.json": { $defs: { ...Object.fromEntries(types), N3000: last } },
  });
  expect(problems).toEqual([expect.stringMatching(/^schemas\/types\/chain.json:1:1: its types lead to each other/)]);
});

describe("a catalogue with twice as many", () => {
  it.each(shapes)(
    "$name takes about twice as many steps",
    async ({ of, largest }) => {
      const size = Math.min(200, Math.max(6, largest / 16));
      const [small, medium, large] = [size, 2 * size, 3 * size].map((one) => textsOf(of(Math.round(one))));
      if (small === undefined || medium === undefined || large === undefined) throw new Error("No catalogues.");
      await run(small);
      const counts = [
        await stepsOf(() => run(small)),
        await stepsOf(() => run(medium)),
        await stepsOf(() => run(large)),
      ];
      const [first = 0, second = 0, third = 0] = counts;
      expect(second).toBeGreaterThan(first);
      // What is added last costs about as much as what is added first. If steps grew with the square, it would be 5 : 3.
      expect((third - second) / (second - first)).toBeLessThan(1.2);
    },
    120_000,
  );
});

it("takes few steps for a message more, most of whose properties others have as well", async () => {
  const ofMessages = (size: number): Promise<number> => stepsOf(() => run(textsOf(messagesAlike(size))));
  await ofMessages(10);
  const [fewer, more] = [await ofMessages(20), await ofMessages(60)];
  // They are some 6,700. With a trial of each message, and a copy of each schema, they would be 11,000.
  expect((more - fewer) / 40).toBeLessThan(8_000);
});
