import { describe, expect, it } from "vitest";
import { compared } from "./against.js";
import type { Measured } from "./measure.js";

describe("a comparison with another commit", () => {
  it("tells the medians of both, and by how much the rounds' ratios differ", () => {
    const line = compared("command", { ours: values(2, 2, 3, 2, 2), theirs: values(2, 1, 2, 2, 4) });

    expect(line).toMatch(/^command +1\.00 × +0\.50 – 2\.00 of 5 +ours 2\.00 ms, theirs 2\.00 ms$/);
  });

  it("marks only what no round contradicts", () => {
    const theirs = values(100, 100, 100, 100, 100);

    expect(compared("command", { ours: values(101, 110, 120, 105, 104), theirs })).toContain("✘ worse");
    expect(compared("command", { ours: values(99, 90, 80, 95, 96), theirs })).toContain("✔ better");
    expect(compared("command", { ours: values(101, 110, 120, 105, 99), theirs })).not.toMatch(/[✘✔]/);
  });

  it("takes more messages a second for better", () => {
    const results = { "ours, json": values(90, 91, 92, 93, 94), "theirs, json": values(100, 100, 100, 100, 100) };

    expect(compared("publish", results)).toContain("✘ worse");
  });

  it("says nothing after a few rounds", () => {
    expect(compared("command", { ours: values(9, 9, 9, 9), theirs: values(1, 1, 1, 1) })).toContain(" ? ");
  });

  it("leaves out the rounds that only one of them came to", () => {
    expect(compared("command", { ours: values(1, 1, 1), theirs: values(1, 1) })).toContain("of 2");
    expect(compared("command", { ours: values(1), theirs: [] })).toBe("");
  });

  it("compares the processor time by itself", () => {
    const measured = (cpu: number): readonly Measured[] => Array(5).fill({ value: 100, details: { cpu } });

    const lines = compared("publish", { "ours, json": measured(8), "theirs, json": measured(7) }).split("\n");

    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^publish, json, processor .*✘ worse .*ours 8\.00 µs, theirs 7\.00 µs$/);
  });
});

function values(...all: number[]): Measured[] {
  return all.map((value) => ({ value }));
}
