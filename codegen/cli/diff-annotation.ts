import { existsSync } from "node:fs";
import type { StoredMessages } from "../../runtime/operations/stored-messages.js";
import { type Finding, formatPlace, verdictWords } from "../index.js";
import { formatAnnotation } from "./annotation.js";
import { detailsOf } from "./diff-text.js";
import { describeStored } from "./stored.js";

/** A finding as an annotation of GitHub Actions. */
export function annotationOf(finding: Finding): string {
  const { verdict, place, type, sentence, rule } = finding;
  const level =
    verdict === "safe" ? "notice" : verdict === "breaks-source" || verdict === "may-break" ? "warning" : "error";
  // A place in another version is in no file that can be annotated.
  const isHere = existsSync(place.file);
  const lines = [`${type}: ${sentence} (${rule})`, ...(isHere ? [] : [formatPlace(place)]), ...detailsOf(finding)];
  return formatAnnotation({ level, place: isHere ? place : undefined, title: verdictWords[verdict], lines });
}

/** What a Redis holds is in no file: one annotation says what the readers would refuse. */
export function annotationOfStored(messages: StoredMessages): string {
  const lines = describeStored(messages, false).trimEnd().split("\n");
  return formatAnnotation({ level: "error", place: undefined, title: "refuses stored messages", lines });
}
