// `npm run hostile`: checks values of a mebibyte that are the worst for many schemas, and tells which took longest.
// `npm run hostile -- 2000 7` tries 2000 schemas, with the seed 7.

import fc from "fast-check";
import { inexactParsed } from "../../runtime/contract/exact-number.js";
import { maskedValue } from "../../runtime/contract/masked-value.js";
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
  /** To parse its text and look for numbers that are not held exactly, and to mask what is sensitive. */
  readonly parseMs: number;
  readonly maskMs: number;
}

const timed: Timed[] = [];
let refused = 0;
for (const one of fc.sample(worstCases(), { numRuns, seed })) {
  if ((await problemsOf({ ...sound, "types/a.json": one.schema })).length > 0) refused++;
  else timed.push(timeOf(one));
}
const longest = (of: (one: Timed) => number): readonly Timed[] => timed.toSorted((a, b) => of(b) - of(a));
const row = ({ name, ...times }: Timed): string => `${Object.values(times).map(shown).join(" ")}  ${name}`;
process.stdout.write(
  [
    `seed ${seed}: ${timed.length} schemas, and ${refused} that the generator refuses`,
    "   read   write   parse    mask",
    ...longest(({ readMs, writeMs }) => Math.max(readMs, writeMs))
      .slice(0, SHOWN)
      .map(row),
    "to parse and to mask:",
    ...longest(({ parseMs }) => parseMs)
      .slice(0, 1)
      .map(row),
    ...longest(({ maskMs }) => maskMs)
      .slice(0, 1)
      .map(row),
    "",
  ].join("\n"),
);

function timeOf({ name, schema, value }: WorstCase): Timed {
  const given = value(MEBIBYTE);
  const [readMs = 0, writeMs = 0] = [compileReader, compileWriter].map((compile) => {
    const check = compile(schema);
    for (let time = 0; time < 301; time++) check(value(0));
    return leastOf(() => check(given));
  });
  const text = JSON.stringify(given);
  const parseMs = leastOf(() => inexactParsed(text, JSON.parse(text)));
  return { name, readMs, writeMs, parseMs, maskMs: leastOf(() => maskedValue(schema, given)) };
}

/** The processor's time, the least of a few rounds: what else the machine does is left out. */
function leastOf(work: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const from = process.cpuUsage();
    work();
    return process.cpuUsage(from).user / 1000;
  });
  return Math.min(...times);
}

function shown(ms: number): string {
  return `${ms.toFixed(0).padStart(4)} ms`;
}
