import fc from "fast-check";
import { expect, it } from "vitest";
import { diff } from "../../../codegen/diff/diff.js";
import { Trial } from "../../../codegen/diff/trial.js";
import { readConfig } from "../../../codegen/load/config.js";
import { sourcesOf } from "../../../codegen/load/load.js";
import { descriptorsOf } from "../../../codegen/model/descriptor.js";
import { buildModel, type Model } from "../../../codegen/model/model.js";
import type { Schema } from "../../../codegen/schema/schema.js";
import { compileReader, compileWriter } from "../../../runtime/contract/validation.js";
import { runs } from "../../support/runs.js";
import { textsOf } from "../catalogue.js";
import { definitions, edit, edited, schema, value } from "./random-edit.js";

/** A catalogue of one event that holds a value of the schema. */
function modelOf(held: Schema): Model {
  const message = { type: "object", properties: { event_type: { const: "a.b" }, data: held }, $defs: definitions };
  return buildModel(sourcesOf(textsOf({ "events/a.b.json": message }), "schemas"), readConfig(undefined).config);
}

/** Whether it passes the check of a catalogue that its schemas can be compiled. */
function isCompilable(model: Model): boolean {
  try {
    const [message] = descriptorsOf(model);
    const whole = message?.schema ?? {};
    // Both are compiled at once or at the first value that is refused.
    compileWriter(whole)(undefined);
    compileReader(whole)(undefined);
    return true;
  } catch {
    return false;
  }
}

it("calls nothing safe that a message shows not to be, and shows a message for all that it calls broken", () => {
  const counts = { pairs: 0, shown: 0, unproved: 0, safe: 0, tried: 0 };
  const change = fc.tuple(fc.nat(30), edit);
  fc.assert(
    fc.property(
      schema,
      fc.array(change, { minLength: 1, maxLength: 2 }),
      fc.array(value, { minLength: 30, maxLength: 40 }),
      (before, changes, values) => {
        const after = changes.reduce((given, [at, make]) => edited(given, at, make), before);
        const [was, is] = [modelOf(before), modelOf(after)];
        // What contradicts itself is a problem of the catalogue and never compared.
        fc.pre(was.flattener.problems.length === 0 && is.flattener.problems.length === 0);
        fc.pre(isCompilable(was) && isCompilable(is));
        const { findings } = diff(was, is);
        counts.pairs++;
        for (const { verdict, proofs } of findings) {
          const isBroken = verdict === "loses-data" || (verdict.startsWith("breaks-") && verdict !== "breaks-source");
          expect([verdict, isBroken]).toEqual([verdict, proofs.length > 0]);
        }
        const [old, now] = [descriptorsOf(was)[0], descriptorsOf(is)[0]];
        if (old === undefined || now === undefined) throw new Error("there is one message");
        for (const [readers, writer, reader] of [
          ["old", now, old],
          ["new", old, now],
        ] as const) {
          const isShown = findings.some(({ proofs }) => proofs.some((proof) => proof.readers === readers));
          const isDoubtful = findings.some(({ unproved }) => unproved.includes(readers));
          if (isShown) counts.shown++;
          else if (isDoubtful) counts.unproved++;
          else counts.safe++;
          if (isShown || isDoubtful) continue;
          const trial = new Trial(writer, reader, "message", ["json"]);
          for (const data of values) {
            const outcome = trial.run({ event_type: "a.b", data });
            if (outcome === undefined) continue;
            counts.tried++;
            expect([readers, data, outcome.refused, outcome.changed]).toEqual([readers, data, [], []]);
          }
        }
      },
    ),
    runs(30),
  );
  expect(counts.safe).toBeGreaterThan(5);
  expect(counts.tried).toBeGreaterThan(10);
  // What is neither shown nor proved is called so; it must stay the exception.
  expect(counts.unproved * 10).toBeLessThan(counts.pairs * 2);
}, 3_000_000);
