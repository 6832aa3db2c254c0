import { describe, expect, it } from "vitest";
import { generated, problemsOf, sound } from "../catalogue.js";

const EVENT = "events/order.placed.json";
const event = sound[EVENT];
const [example] = event.examples;

const placed = (
  total: unknown,
  after: object = { anyOf: [{ $ref: "../types/order.json" }, { tolerated: true, ...OLD }] },
) => ({
  ...sound,
  [EVENT]: {
    ...event,
    properties: { ...event.properties, after_data: after },
    examples: [{ ...example, after_data: { total } }],
  },
});

/** An order as an older service writes it. */
const OLD = { type: "object", properties: { total: { type: "string" } }, required: ["total"] };

describe("a form that is only tolerated", () => {
  it("is in the type that handlers take, and not in the one that publishers give", async () => {
    const file = (await generated(placed(12.5))).get("events/order.placed.ts") ?? "";
    const [, message = ""] = /interface OrderPlaced \{([\s\S]*?)\n\}/.exec(file) ?? [];
    const [, input = ""] = /interface OrderPlacedInput \{([\s\S]*?)\n\}/.exec(file) ?? [];
    expect(message).toMatch(/after_data:\s+\| Order\s+\| \{/);
    expect(input).toContain("after_data: Order;");
  });

  it("is no form that an example may have", async () => {
    expect(await problemsOf(placed("12.50"))).toEqual([
      expect.stringMatching(/order\.placed\.json:\d+:\d+ .*the example violates its schema: after_data\.total/),
    ]);
  });

  it("is refused outside of a choice, and if no form is left", async () => {
    const [alone] = await problemsOf(placed(12.5, { ...OLD, tolerated: true }));
    expect(alone).toMatch(/"tolerated" marks a form of "anyOf" that is read and never written/);
    const [none] = await problemsOf(placed(12.5, { anyOf: [{ ...OLD, tolerated: true }] }));
    expect(none).toMatch(/every form is only tolerated/);
  });
});
