import { lintTexts, printable } from "../index.js";
import type { Reported } from "./reported.js";

const HOME = "https://github.com/m-erp/messaging";

/**
 * Problems as a log of the Static Analysis Results Interchange Format, version 2.1.0, as code scanning of GitHub and other
 * tools read it.
 */
export function sarifOf(problems: readonly Reported[]): object {
  const rules = [...new Set(problems.map(({ rule }) => rule))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "merp", informationUri: HOME, rules: rules.map(describeRule) } },
        columnKind: "utf16CodeUnits",
        results: problems.map((problem) => resultOf(problem, rules.indexOf(problem.rule))),
      },
    ],
  };
}

function describeRule(id: string): object {
  const lint = Object.hasOwn(lintTexts, id) ? lintTexts[id as keyof typeof lintTexts] : undefined;
  if (lint === undefined) return { id, helpUri: `${HOME}/blob/main/docs/schemas.md#rules` };
  return {
    id,
    shortDescription: { text: lint.demand },
    fullDescription: { text: lint.why },
    help: { text: lint.fix },
    helpUri: `${HOME}/blob/main/docs/toolchain.md#lint`,
  };
}

function resultOf(
  { file, line, column, pointer, rule, sentence, suggestion, level }: Reported,
  ruleIndex: number,
): object {
  const hint = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
  const uri = file.split(/[\\/]/).map(encodeURIComponent).join("/");
  return {
    ruleId: rule,
    ruleIndex,
    level: level === "warn" ? "warning" : "error",
    message: { text: printable(`${sentence}${hint}`) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri },
          region: { startLine: line, startColumn: column },
        },
        ...(pointer !== "" && { logicalLocations: [{ fullyQualifiedName: printable(pointer) }] }),
      },
    ],
  };
}
