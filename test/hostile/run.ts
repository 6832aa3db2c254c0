// `npm run hostile`: checks values of a mebibyte that are the worst for many schemas, and tells which took longest.
// `npm run hostile -- 2000 7` tries 2000 schemas, with the seed 7.

import fc from "fast-check";
import { compileReader, compileWriter } from "../../runtime/contract/validation.js";
import { problemsOf, sound } from "../codegen/catalogue.js";
import { type WorstCase, worstCases } from "./worst-case.js";

const MEBIBYTE = 2 ** 20;
const ROUNDS = 3;
const SHOWN = 15;

const [numRuns = 300, seed = 1] = process.argv.slice(2).map(Number);

interface Timed {
  readonly name: string;
  readonly readMs: number;
  readonly writeMs: number;
}

const timed: Timed[] = [];
let refused = 0;
for (const one of fc.sample(worstCases(), { numRuns, seed })) {
  if ((await problemsOf({ ...sound, "types/a.json": one.schema })).length > 0) refused++;
  else timed.push(timeOf(one));
}
timed.sort((a, b) => Math.max(b.readMs, b.writeMs) - Math.max(a.readMs, a.writeMs));
const rows = timed.slice(0, SHOWN).map(({ name, readMs, writeMs }) => `${shown(readMs)} ${shown(writeMs)}  ${name}`);
process.stdout.write(
  [
    `seed ${seed}: ${timed.length} schemas, and ${refused} that the generator refuses`,
    "   read   write",
    ...rows,
    "",
  ].join("\n"),
);

/** The processor's time, the least of a few rounds: what else the machine does is left out. */
function timeOf({ name, schema, value }: WorstCase): Timed {
  const given = value(MEBIBYTE);
  const [readMs = 0, writeMs = 0] = [compileReader, compileWriter].map((compile) => {
    const check = compile(schema);
    for (let time = 0; time < 301; time++) check(value(0));
    const times = Array.from({ length: ROUNDS }, () => {
      const from = process.cpuUsage();
      check(given);
      return process.cpuUsage(from).user / 1000;
    });
    return Math.min(...times);
  });
  return { name, readMs, writeMs };
}

function shown(ms: number): string {
  return `${ms.toFixed(0).padStart(4)} ms`;
}
