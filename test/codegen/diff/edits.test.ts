import { expect, it } from "vitest";
import { findingsOf, worstOf } from "./edit.js";
import { edits } from "./edits.js";

it.each(edits)("$name: $verdict", async ({ before, after, verdict, rule, isDoubtful = false }) => {
  const findings = await findingsOf(before, after);
  const worst = worstOf(findings);
  expect([worst, findings]).toEqual([verdict, findings]);
  if (rule !== undefined) expect(findings.map((finding) => finding.rule)).toContain(rule);
  for (const finding of findings) {
    if (finding.verdict.startsWith("breaks-") && finding.verdict !== "breaks-source")
      expect(finding.proofs).not.toEqual([]);
    if (!isDoubtful) expect(finding.unproved).toEqual([]);
    expect(finding.place.line).toBeGreaterThan(0);
  }
});
