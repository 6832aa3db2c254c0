import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { ERROR_TYPE } from "../attribute.js";
import { errorTypeOf } from "../error-type.js";

/** What spans tell of an error: only its class, or its message and stack as well. */
export type Exceptions = "type" | "message";

/** Notes on a span that its operation failed. Returns the class of the error. */
export function noteFailure(span: Span, thrown: unknown, exceptions: Exceptions): string {
  const type = errorTypeOf(thrown);
  if (!span.isRecording()) return type;
  span.setAttribute(ERROR_TYPE, type);
  const told = exceptions === "message" && thrown instanceof Error ? thrown : undefined;
  span.recordException(told ?? { name: thrown instanceof Error && type !== "_OTHER" ? thrown.name : type });
  span.setStatus({ code: SpanStatusCode.ERROR, ...(told === undefined ? {} : { message: told.message }) });
  return type;
}
