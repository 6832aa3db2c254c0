import type { Issue } from "../../runtime/errors.js";
import type { Cause } from "../../runtime/operations/tally.js";
import { printable } from "../index.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";

/** The issues of one message, in a line. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => `${path || "the message"} ${message}`).join("; ");
}

/** A line for each of the first causes, with how many messages break the contract for it. */
export function describeCauses(causes: readonly Cause[], most: number): string {
  const lines = causes.slice(0, most).map(describeCause);
  const more = causes.length - lines.length;
  return [...lines, ...(more > 0 ? [coloursFor(process.stdout).dim(`  and ${count(more, "more cause")}`)] : [])]
    .map((line) => `${line}\n`)
    .join("");
}

function describeCause({ count: number, type, path, message }: Cause): string {
  const subject = [type, path || undefined].filter((part) => part !== undefined).join(" ");
  return printable(`${String(number).padStart(7)}  ${subject === "" ? "" : `${subject} `}${message}`);
}
