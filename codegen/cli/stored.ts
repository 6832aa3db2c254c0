import type { StoredMessages } from "../../runtime/operations/stored-messages.js";
import type { Waiting } from "../../runtime/operations/waiting.js";
import { printable } from "../index.js";
import { describeCauses, describeIssues } from "./causes.js";
import { coloursFor } from "./colour.js";
import { count } from "./count.js";

/** So many refused messages are printed without being asked for. */
const SHOWN = 20;

/** The refused messages as text, and the causes with their counts. */
export function describeStored({ refused, first, causes }: StoredMessages, all: boolean): string {
  if (refused === 0) return "";
  const most = all ? first.length : SHOWN;
  const lines = first
    .slice(0, most)
    .map(({ key, id, type, waiting, issues }) =>
      printable(
        `${key} ${id}${type === undefined ? "" : ` ${type}`} (${waiting.map(describe).join(", ")}): ${describeIssues(issues)}`,
      ),
    );
  const more = refused - lines.length;
  const rest =
    more > 0
      ? [coloursFor(process.stdout).dim(`  and ${count(more, "more message")}${all ? "" : "; --all prints more"}`)]
      : [];
  return `${[...lines, ...rest].map((line) => `${line}\n`).join("")}\n${describeCauses(causes, all ? causes.length : SHOWN)}\n`;
}

/** The counts, in a line. */
export function summarizeStored({ messages, refused, refusedBefore, unknown }: StoredMessages): string {
  const notes = [
    ...(refusedBefore > 0 ? [`${refusedBefore} refused by both versions`] : []),
    ...(unknown > 0 ? [`${count(unknown, "message")} of types that the catalogue does not describe left out`] : []),
  ];
  const rest = notes.length === 0 ? "" : `; ${notes.join(", ")}`;
  if (refused === 0)
    return `${coloursFor(process.stdout).green("readable")} ${count(messages, "stored message")}${rest}`;
  return `${coloursFor(process.stderr).red("refuses")} ${refused} of ${count(messages, "stored message")}${rest}`;
}

function describe({ state, group }: Waiting): string {
  switch (state) {
    case "unread":
      return `unread by ${group}`;
    case "pending":
      return `pending in ${group}`;
    case "parked":
      return `waits for its retry in ${group}`;
    case "dead":
      return `dead letter of ${group}`;
    case "kept":
      return "kept, no group reads it";
  }
}
