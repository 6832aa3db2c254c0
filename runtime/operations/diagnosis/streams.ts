import { besideOf, idAdvice } from "../../broker/id-state.js";
import { printable } from "../../contract/printable.js";
import { countOf, listOf, shellWord } from "../wording.js";
import { streamCli } from "./commands.js";
import { inEachStream, type Sickness } from "./sickness.js";

/** What services tell of themselves: a status reads it. */
const ANNOUNCEMENTS = new Set(["service.started", "service.stopped"]);

/** Something else is where a stream must be. */
export const hasWrongType: Sickness = inEachStream(({ name, keyType }, status) => {
  if (keyType === "stream" || keyType === "none") return undefined;
  const sentence = `the key ${printable(name)} holds a ${printable(keyType)}, not a stream, so nothing can be published to it`;
  const command = streamCli(status, `rename ${shellWord(name)} ${shellWord(besideOf(name, "misplaced"))}`);
  return { severity: "critical", code: "KEY_WRONG_TYPE", sentence, command };
});

/** The ids of a stream are used up, or tell no time. */
export const hasBadIds: Sickness = inEachStream(({ name, ids }, status) => {
  if (ids === "current") return undefined;
  const sentence = idAdvice(printable(name), ids) ?? "";
  const isOver = ids === "exhausted";
  const command = streamCli(status, isOver ? `rename ${shellWord(name)} ${shellWord(besideOf(name, "full"))}` : "time");
  return {
    severity: isOver ? "critical" : "warning",
    code: isOver ? "STREAM_EXHAUSTED" : "STREAM_AHEAD",
    sentence,
    command,
  };
});

/** Messages come that no group handles. */
export const hasUnhandledTypes: Sickness = inEachStream(({ name, kind, types, groups }) => {
  if (kind === "notification" || kind === "health" || groups.length === 0) return undefined;
  const unhandled = types.filter(({ type, isHandled }) => isHandled === false && !ANNOUNCEMENTS.has(type));
  const strange = unhandled.filter(({ isKnown }) => isKnown === false);
  const first = strange.length > 0 ? strange : unhandled;
  if (first.length === 0) return undefined;
  const names = listOf(first.map(({ type, seen }) => `${printable(type)} (${seen} of the newest)`));
  const what = kind === "command" ? "command" : "type";
  const they = first.length === 1 ? `the ${what} ${names}` : `the ${what}s ${names}`;
  const why =
    strange.length > 0 ? "; the catalogue does not describe it either, so look at what its producer calls it" : "";
  const sentence = `nobody handles ${they} on ${printable(name)}: no consumer of ${listOf(groups.map((group) => printable(group.name)))} does${why}`;
  // Events that nobody needs are common.
  const severity = kind === "event" && strange.length === 0 ? "notice" : "warning";
  return { severity, code: "TYPE_UNHANDLED", sentence, command: "start a service that handles it" };
});

/** Nothing is there: it may be another Redis, or another environment. */
export const areMissing: Sickness = ({ streams, unseen, environment }) => {
  // Those that are not seen may exist.
  if (unseen.length > 0) return [];
  if (streams.length === 0 || streams.some(({ keyType, letters }) => keyType !== "none" || letters.total > 0))
    return [];
  const names = listOf(streams.map(({ name }) => printable(name)));
  const absent = streams.length === 1 ? `${names} does not exist` : `none of ${names} exists`;
  const sentence = `${absent} in the environment ${printable(environment)} yet; if there should be messages, check ENVIRONMENT, REDIS_URL, REDIS_DB and the catalogue`;
  return [{ severity: "notice", code: "STREAMS_MISSING", sentence }];
};

/** Commands that nobody answers. */
export const isUnread: Sickness = inEachStream(({ name, kind, groups, length }) => {
  if (kind !== "command" || groups.length > 0 || length === 0) return undefined;
  const sentence = `nobody reads ${printable(name)}: ${countOf(length, "command")} and no group`;
  return { severity: "critical", code: "STREAM_UNREAD", sentence, command: "start the service that handles them" };
});
