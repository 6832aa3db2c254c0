import { type Finding, formatPlace, printable, verdictWords } from "../index.js";
import { coloursFor } from "./colour.js";

const SEVERITY = Object.keys(verdictWords);
/** More of a message is not printed; `--format json` has all of it. */
const LONGEST_MESSAGE = 600;

/** The findings as text, grouped by message, the worst of each first. */
export function describeMessages(findings: readonly Finding[]): string {
  const byMessage = new Map<string, Finding[]>();
  for (const finding of findings) {
    const title = `${finding.type} (${finding.part === "result" ? "result of the command" : finding.kind})`;
    const known = byMessage.get(title);
    if (known === undefined) byMessage.set(title, [finding]);
    else known.push(finding);
  }
  return [...byMessage]
    .map(([title, found]) => {
      const sorted = found.toSorted((a, b) => SEVERITY.indexOf(a.verdict) - SEVERITY.indexOf(b.verdict));
      return `${coloursFor(process.stdout).bold(printable(title))}\n${sorted.map(describe).join("")}\n`;
    })
    .join("");
}

function describe(finding: Finding): string {
  const { place, verdict, sentence, rule } = finding;
  const { green, yellow, red } = coloursFor(process.stdout);
  const colour = verdict === "safe" ? green : verdict === "breaks-source" || verdict === "may-break" ? yellow : red;
  const heading = `${formatPlace(place)}: ${colour(verdictWords[verdict])}: ${printable(sentence)} (${rule})`;
  return [heading, ...detailsOf(finding).map((line) => `  ${printable(line)}`)].map((line) => `${line}\n`).join("");
}

/** What shows that a finding is true, and what to do. */
export function detailsOf({ verdict, proofs, unproved, remedy, order }: Finding): readonly string[] {
  if (verdict === "safe") return [];
  const seen = proofs.map(({ readers, outcome, message, issues, channels }) => {
    const way = channels.length === 0 || channels.includes("answer") ? "" : `, as ${channels.join(" and ")}`;
    const does = outcome === "refuses" ? "refuse" : "misread";
    return `${readers} readers ${does} ${cut(JSON.stringify(message) ?? "it")}${way}: ${issues.slice(0, 3).join("; ")}`;
  });
  const doubts = unproved.map(
    (readers) =>
      `${readers} readers may refuse it: no message that they refuse was found, and no proof that there is none (unproved)`,
  );
  const advice = remedy === "" ? [] : [`instead: ${remedy}`];
  return [...seen, ...doubts, ...advice, `deploy: ${order}`];
}

function cut(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}
