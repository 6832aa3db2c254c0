import { suggest } from "./suggest.js";
import { isObject } from "./walk.js";

/** What `merp check` advises against. `codegen/lint/` finds it; `docs/toolchain.md` says why, and a test compares the two. */
export const lintRules = [
  "missing-description",
  "property-casing",
  "definition-casing",
  "message-type-form",
  "event-tense",
  "command-mood",
  "untagged-choice",
  "unbounded-text",
  "unbounded-list",
  "personal-data",
  "closed-enum",
  "closed-object",
  "idle-exception",
] as const;
export type LintRule = (typeof lintRules)[number];

/** What becomes of a finding: it is not looked for, told, or refused as a problem is. */
export const lintLevels = ["off", "warn", "error"] as const;
export type LintLevel = (typeof lintLevels)[number];

/** The levels that differ from the default, which is `warn`. */
export type LintLevels = { readonly [rule in LintRule]?: LintLevel };

/** The keyword that excuses a schema, and what is in it, from rules: each with the reason. */
export const EXCEPTION = "lintIgnore";

/** What is wrong with a value by the names of lint rules. */
export interface LintFault {
  /** The name, if the fault is at its value or it is unknown. */
  readonly path: readonly string[];
  readonly sentence: string;
  readonly suggestion?: string | undefined;
  readonly at?: "key";
}

/** Finds what is wrong with `lint` of `catalogue.json`: unknown rules and levels. */
export function levelFaults(value: unknown): readonly LintFault[] {
  if (!isObject(value)) return [{ path: [], sentence: 'must be an object, as in { "unbounded-text": "off" }' }];
  return Object.entries(value).flatMap(([rule, level]): readonly LintFault[] => {
    if (!isLintRule(rule)) return [unknownRule(rule)];
    if ((lintLevels as readonly unknown[]).includes(level)) return [];
    return [
      {
        path: [rule],
        sentence: 'must be "off", "warn" or "error"',
        suggestion: suggest(`${level}`.slice(0, 5), lintLevels),
      },
    ];
  });
}

/** Finds what is wrong with the exceptions of a schema: unknown rules, and exceptions without a reason. */
export function exceptionFaults(value: unknown): readonly LintFault[] {
  if (!isObject(value) || Object.keys(value).length === 0) {
    return [
      { path: [], sentence: 'must be an object of rules with reasons, as in { "unbounded-text": "a free text" }' },
    ];
  }
  return Object.entries(value).flatMap(([rule, reason]): readonly LintFault[] => {
    if (!isLintRule(rule)) return [unknownRule(rule)];
    if (typeof reason === "string" && reason.trim() !== "") return [];
    return [{ path: [rule], sentence: "must be the reason of the exception, in a text" }];
  });
}

/** Returns whether a text names a lint rule. */
export function isLintRule(name: string): name is LintRule {
  return (lintRules as readonly string[]).includes(name);
}

function unknownRule(rule: string): LintFault {
  const sentence = `"${rule}" is not a rule of the lint; the rules are ${lintRules.join(", ")}`;
  return { path: [rule], sentence, suggestion: suggest(rule, lintRules), at: "key" };
}
