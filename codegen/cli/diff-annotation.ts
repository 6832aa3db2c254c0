import { existsSync } from "node:fs";
import { type Finding, formatPlace, printable } from "../index.js";
import { detailsOf, wordsOf } from "./diff-text.js";

/** A finding as an annotation of GitHub Actions. */
export function annotationOf(finding: Finding): string {
  const { verdict, place, type, sentence, rule } = finding;
  const level =
    verdict === "safe" ? "notice" : verdict === "breaks-source" || verdict === "may-break" ? "warning" : "error";
  // A place in another version is in no file that can be annotated.
  const isHere = existsSync(place.file);
  const where = isHere ? [`file=${property(place.file)}`, `line=${place.line}`, `col=${place.column}`] : [];
  const text = [`${type}: ${sentence} (${rule})`, ...(isHere ? [] : [formatPlace(place)]), ...detailsOf(finding)];
  return `::${level} ${[...where, `title=${property(wordsOf(verdict))}`].join(",")}::${text.map(value).join("%0A")}`;
}

/** Text of a schema must not end the line, nor begin another command. */
function value(text: string): string {
  return printable(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return value(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
