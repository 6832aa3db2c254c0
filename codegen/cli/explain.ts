import { isLintRule, lintRules, lintTexts, printable, suggest } from "../index.js";
import { coloursFor } from "./colour.js";
import { widthOf, wrapped } from "./column.js";

/** So wide is what is not printed on a terminal. */
const WIDTH = 100;

/** Prints why the lint has a rule, and what to do about a finding. */
export function explain(rule: string): void {
  if (!isLintRule(rule)) {
    const meant = suggest(rule, lintRules);
    const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    const sentence = `"${rule}" is not a rule of the lint${hint}; the rules are ${lintRules.join(", ")}`;
    process.stderr.write(`${coloursFor(process.stderr).red("refused")} ${printable(sentence)}\n`);
    process.exitCode = 1;
    return;
  }
  const { bold } = coloursFor(process.stdout);
  const width = widthOf(process.stdout) ?? WIDTH;
  const { demand, why, fix, isFixable } = lintTexts[rule];
  const fixing = isFixable === true ? `${fix} \`merp check --fix\` does it.` : fix;
  const switching = `In catalogue.json: "lint": { "${rule}": "off" } or "error"; at a schema: "lintIgnore": { "${rule}": "the reason" }.`;
  const lines = [`${demand}`, `Why: ${why}`, `What to do: ${fixing}`, switching];
  process.stdout.write(`${bold(rule)}\n${lines.map((line) => `${wrapped(line, width)}\n`).join("")}`);
}
