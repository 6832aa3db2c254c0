import { createTraceState, type SpanContext } from "@opentelemetry/api";
import type { Correlation } from "../../messaging/correlation.js";
import { boundedText, LONGEST_TRACESTATE, traceParentOf } from "../../messaging/trace-context.js";

/** Reads W3C Trace Context. */
export function spanContextOf(
  traceparent: string | undefined,
  tracestate: string | undefined,
): SpanContext | undefined {
  const parent = traceParentOf(traceparent);
  if (parent === undefined) return undefined;
  const { traceId, spanId, flags } = parent;
  const context = { traceId, spanId, traceFlags: flags, isRemote: true };
  const state = boundedText(tracestate, LONGEST_TRACESTATE);
  return state === undefined ? context : { ...context, traceState: createTraceState(state) };
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
