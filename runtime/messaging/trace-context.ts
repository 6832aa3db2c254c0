/** The parts of a `traceparent` of W3C Trace Context. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[\da-f-]{0,64})?$/;
const NOTHING = /^0+$/;

/** What is longer need not be carried, say W3C Trace Context and W3C Baggage. */
export const LONGEST_TRACESTATE = 512;
export const LONGEST_BAGGAGE = 8192;

/**
 * Reads a `traceparent`. What is malformed or too long is none: whoever may write a message, or send a request, may write
 * anything there.
 */
export function traceParentOf(text: string | undefined): TraceParent | undefined {
  const [, version, traceId, spanId, flags, more] = FORM.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // Version 00 has four parts, later ones may have more, and ff is forbidden.
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (NOTHING.test(traceId) || NOTHING.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** A text of at most so many characters. */
export function boundedText(text: string | undefined, longest: number): string | undefined {
  return text === undefined || text === "" || text.length > longest ? undefined : text;
}
