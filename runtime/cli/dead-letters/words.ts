import type { DeadLetterState, DeadLetterSummary } from "../../operations/index.js";

const STEPS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** A length of time, in its greatest unit. */
export function lengthOf(ms: number): string {
  const [step, unit] = STEPS.find(([least]) => ms >= least) ?? [1000, "s"];
  return `${Math.floor(Math.max(0, ms) / step)} ${unit}`;
}

/** How long ago a moment was. */
export function ago(at: string, nowMs: number = Date.now()): string {
  return `${lengthOf(nowMs - Date.parse(at))} ago`;
}

/** `1 dead letter`, `12,000 dead letters`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** `the 2nd time`. */
export function ordinal(count: number): string {
  const tail = count % 100 > 10 && count % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th");
  return `${count}${tail}`;
}

/** Some names as in a sentence. */
export function enumerated(names: readonly string[], word = "and"): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} ${word} ${last}`;
}

/** What an error says, in a line. */
export function errorLine({ error, reason }: Pick<DeadLetterSummary, "error" | "reason">): string {
  if (error === undefined || error.name + error.message === "") return reason || "no error is recorded";
  const { name, code, message } = error;
  return `${name}${code === undefined || message.includes(code) ? "" : ` (${code})`}: ${message}`;
}

/** How a letter stands, as the end of a sentence about it. */
export function stateWords(state: DeadLetterState): string {
  if (state.state === "open") return "is open";
  if (state.state === "discarded") return `was discarded by ${state.by} at ${state.at}: ${state.reason}`;
  const { changed } = state;
  const how = changed === undefined ? "" : ` as an edited copy (changed: ${changed.join(", ")})`;
  return `was redriven by ${state.by} at ${state.at}${how}`;
}
