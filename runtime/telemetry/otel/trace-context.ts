import { createTraceState, isSpanContextValid, type SpanContext } from "@opentelemetry/api";
import type { Correlation } from "../../messaging/correlation.js";

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[\da-f-]{0,64})?$/;
/** Longer ones may be dropped, says W3C Trace Context. */
const LONGEST_STATE = 512;

/**
 * Reads W3C Trace Context. What is malformed, too long or of no known form is no context: whoever may write a message may
 * write anything there.
 */
export function spanContextOf(
  traceparent: string | undefined,
  tracestate: string | undefined,
): SpanContext | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // Version 00 has four parts, later ones may have more, and ff is forbidden.
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  if (!isSpanContextValid(context)) return undefined;
  const isStated = tracestate !== undefined && tracestate !== "" && tracestate.length <= LONGEST_STATE;
  return isStated ? { ...context, traceState: createTraceState(tracestate) } : context;
}

/** Writes a context as W3C Trace Context, version 00. */
export function traceOfContext({
  traceId,
  spanId,
  traceFlags,
  traceState,
}: SpanContext): Required<Pick<Correlation, "traceparent" | "tracestate">> {
  const flags = traceFlags.toString(16).padStart(2, "0");
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: traceState?.serialize() || undefined };
}
