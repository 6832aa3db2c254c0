import type { Clock } from "../../time/clock.js";
import { durationText } from "./duration.js";
import type { Outgoing, Run, Wait } from "./run.js";

/** What has not ended, and what it waits for, in a sentence. */
export function waitText(unended: Run | Outgoing): string {
  return "entryId" in unended ? runText(unended) : publishText(unended);
}

function runText(run: Run): string {
  const { handler, place, type, entryId, attempt } = run;
  const entry = entryId === "" ? "" : ` (${entryId}, attempt ${attempt})`;
  const where = handler === undefined ? "" : ` in ${handler === "" ? "an unnamed function" : handler}`;
  return `${place.service} handles ${type}${entry}${where}: it waits for ${reasonOf(run)}`;
}

function reasonOf({ handler, waitsFor, place: { clock, handlerTimeoutMs }, context, beganAt }: Run): string {
  if (waitsFor.size > 0) return [...waitsFor].map((wait) => whatText(wait, clock)).join(", and for ");
  const what = handler === undefined ? "an interceptor, before its handler is called" : "a promise of its own";
  // A listener may take any time.
  return context === undefined ? what : `${what}; its time is up at ${momentText(beganAt + handlerTimeoutMs, clock)}`;
}

/** What is waited for, and until when. */
export function whatText({ what, until }: Wait, clock: Clock): string {
  return until === undefined ? what : `${what}, until ${momentText(until, clock)}`;
}

function publishText({ place, operation, type }: Outgoing): string {
  const what = operation === "publishAll" ? `publishes many of ${type}` : `${operation}${verbEnd(operation)} ${type}`;
  return `${place.service} ${what}: it waits for an interceptor`;
}

function verbEnd(operation: string): string {
  return operation.endsWith("sh") ? "es" : "s";
}

/** A moment of a clock, as its date and as the time until then. */
export function momentText(at: number, clock: Clock): string {
  const leftMs = Math.max(0, Math.ceil(at - clock.now()));
  return `${new Date(clock.wall() + leftMs).toISOString()}, in ${durationText(leftMs)}`;
}
