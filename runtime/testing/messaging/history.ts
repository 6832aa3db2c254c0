import { inspect } from "node:util";
import { textReader } from "../../contract/codec.js";
import { type Cause, linesOf } from "../../messaging/causes.js";
import type { ChronicleEntry, Outcome } from "./chronicle.js";

/** A longer history leaves out its beginning. */
const MOST_LINES = 60;

/** Messages as a tree: below each what became of it, and what its handlers published. */
export function historyOf(entries: readonly ChronicleEntry[]): string {
  if (entries.length === 0) return "No message was published.";
  const lines = linesOf(causedBy(undefined, entries));
  const left = lines.length - MOST_LINES;
  return (left > 0 ? [`… ${left} lines before`, ...lines.slice(left)] : lines).join("\n");
}

function causedBy(cause: ChronicleEntry | undefined, entries: readonly ChronicleEntry[]): readonly Cause[] {
  return entries
    .filter((entry) => entry.cause === cause)
    .map((entry) => ({ title: titleOf(entry), outcomes: outcomesOf(entry), caused: causedBy(entry, entries) }));
}

function titleOf({ stream, type, fields }: ChronicleEntry): string {
  const source = textReader(fields)("source_service");
  return `${type ?? stream}${source ? ` from ${source}` : ""}`;
}

/** A line for each attempt of each service. A dead letter tells the error of its last attempt again. */
function outcomesOf({ outcomes }: ChronicleEntry): readonly string[] {
  if (outcomes.length === 0) return ["nobody has handled it"];
  return outcomes.map(({ service, kind, attempt, error }) => {
    const [verb, rest] = words[kind];
    return `${service} ${verb}${kind === "handled" || kind === "failed" ? ` (attempt ${attempt})` : ""}${rest ? `: ${told(error)}` : ""}`;
  });
}

const words: Readonly<Record<Outcome["kind"], readonly [verb: string, hasError: boolean]>> = {
  handled: ["handled it", false],
  failed: ["failed", true],
  dead: ["moved it to the dead letters", true],
  redriven: ["has it redriven", false],
  unhandled: ["has no handler for it", false],
  filtered: ["filters it out", false],
  expired: ["did not run it: its sender had given up", false],
};

function told(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}
