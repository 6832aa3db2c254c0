import { verdictWords } from "../diff/advice.js";
import type { Finding } from "../diff/finding.js";
import { markdownCode, markdownText } from "./markdown.js";
import { bumpOf, type Release } from "./release.js";
import type { Bump } from "./version.js";

const HEADING = "# Changelog";
const TITLES: Readonly<Record<Bump, string>> = { major: "Breaking", minor: "Added", patch: "Changed" };

/**
 * The text of CHANGELOG.md with a release on top.
 *
 * @param before the text that the last release came with
 */
export function changelogOf(release: Release, messages: number, before = ""): string {
  const entry = [`## ${release.version}`, ...sectionsOf(release, messages)];
  const older = before.replaceAll("\r\n", "\n").replace(HEADING, "").trim();
  return `${[HEADING, ...entry, ...(older === "" ? [] : [older])].join("\n\n")}\n`;
}

function sectionsOf({ since, findings, others }: Release, messages: number): readonly string[] {
  if (since === undefined) return [`The first release, with ${messages} message${messages === 1 ? "" : "s"}.`];
  const sections = (["major", "minor", "patch"] as const).flatMap((bump) => {
    const lines = [
      ...findings.filter((finding) => bumpOf(finding) === bump).map(lineOf),
      ...others.filter((other) => other.bump === bump).map(({ sentence }) => `- ${markdownText(sentence)}`),
    ];
    return lines.length === 0 ? [] : [`### ${TITLES[bump]}`, lines.join("\n")];
  });
  return sections.length === 0 ? [`No message differs from ${since}.`] : sections;
}

/** A change with its verdict; one that breaks something with what to do. */
function lineOf({ type, kind, part, sentence, verdict, remedy, order }: Finding): string {
  const what = part === "result" ? "result of the command" : kind;
  const told = `- ${markdownCode(type)} (${what}): ${markdownText(sentence)} — **${verdictWords[verdict]}**`;
  if (verdict === "safe") return told;
  const advice = remedy === "" ? "" : ` Instead: ${markdownText(remedy)}.`;
  return `${told}.${advice} Deploy: ${markdownText(order)}.`;
}
