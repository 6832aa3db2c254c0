import { expect, it } from "vitest";
import { diff } from "../../../codegen/diff/diff.js";
import { Document } from "../../../codegen/diff/document.js";
import { Inclusion } from "../../../codegen/diff/inclusion.js";
import { schemaOf, writtenSchemaOf } from "../../../codegen/diff/trial.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { descriptorsOf } from "../../../codegen/model/descriptor.js";
import { buildModel, type Model } from "../../../codegen/model/model.js";
import { type Files, textsOf } from "../catalogue.js";
import { edits } from "./edits.js";

function modelOf(files: Files): Model {
  const sources = sourcesOf(textsOf(files), "schemas");
  return buildModel(sources, readConfig(sources.config).config);
}

// The search finds what is refused even where a proof errs, so the proof is asked here by itself.
it("proves nothing of which a message shows the opposite, and all that is safe", () => {
  const counts = { refuted: 0, proved: 0 };
  for (const { name, before, after, verdict } of edits) {
    const [was, is] = [modelOf(before), modelOf(after)];
    const { findings } = diff(was, is);
    const [old, now] = [descriptorsOf(was)[0], descriptorsOf(is)[0]];
    if (old === undefined || now === undefined) throw new Error("there is one message");
    for (const part of old.kind === "command" ? (["message", "result"] as const) : (["message"] as const)) {
      for (const [readers, writer, reader] of [
        ["old", now, old],
        ["new", old, now],
      ] as const) {
        const written = new Document(writtenSchemaOf(writer, part));
        const obstacles = new Inclusion(written, new Document(schemaOf(reader, part))).obstacles();
        const isRefuted = findings.some(
          (finding) =>
            finding.part === part &&
            finding.proofs.some(
              (proof) =>
                proof.readers === readers &&
                proof.outcome === "refuses" &&
                proof.channels.some((channel) => channel === "json" || channel === "answer"),
            ),
        );
        if (isRefuted) expect([name, readers, obstacles.length]).not.toEqual([name, readers, 0]);
        if (verdict === "safe") expect([name, readers, obstacles]).toEqual([name, readers, []]);
        counts[isRefuted ? "refuted" : "proved"]++;
      }
    }
  }
  expect(counts.refuted).toBeGreaterThan(60);
  expect(counts.proved).toBeGreaterThan(60);
});
