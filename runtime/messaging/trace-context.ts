import { type FlatFields, fieldOf, isJsonEntry, type PlainMessage } from "../contract/codec.js";

/** The parts of a `traceparent` of W3C Trace Context. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

/**
 * Version 00 has four parts, later ones may have more, and ff is forbidden. All of it is in one expression without groups, since
 * each message is asked twice, and what `exec` returns would be most of what that takes.
 */
const FORM = /^(?!ff|00.{54})[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-[\da-f-]{0,64})?$/;

/** What is longer need not be carried, say W3C Trace Context and W3C Baggage. */
export const LONGEST_TRACESTATE = 512;
export const LONGEST_BAGGAGE = 8192;

/** Whether a text is a `traceparent`. Whoever may write a message, or send a request, may write anything there. */
export function isTraceParent(text: string | undefined): text is string {
  return text !== undefined && FORM.test(text);
}

/** Reads a `traceparent`. What is malformed or too long is none. */
export function traceParentOf(text: string | undefined): TraceParent | undefined {
  if (!isTraceParent(text)) return undefined;
  return { traceId: text.slice(3, 35), spanId: text.slice(36, 52), flags: Number.parseInt(text.slice(53, 55), 16) };
}

/** A text of at most so many characters. */
export function boundedText(text: string | undefined, longest: number): string | undefined {
  return text === undefined || text === "" || text.length > longest ? undefined : text;
}

/** The context of a trace as a message's metadata has it. */
export interface CarriedTrace {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** What an entry carries, which may be anything, without its message being decoded. */
export function carriedIn(entry: FlatFields): CarriedTrace | undefined {
  const isJson = isJsonEntry(entry);
  const text = fieldOf(entry, isJson ? "json" : "metadata");
  if (text?.includes("traceparent") !== true) return undefined;
  try {
    const parsed = JSON.parse(text) as PlainMessage;
    const { traceparent, tracestate } = (isJson ? parsed["metadata"] : parsed) as PlainMessage;
    if (typeof traceparent !== "string") return undefined;
    return { traceparent, tracestate: typeof tracestate === "string" ? tracestate : undefined };
  } catch {
    return undefined;
  }
}
