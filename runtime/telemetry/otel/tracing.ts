import type { Tracer } from "@opentelemetry/api";
import type { Exceptions } from "./exception.js";
import type { Instruments } from "./instruments.js";

/** What the spans of a messaging are made with. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Whether anybody takes spans. If not, they hold nothing, and pass on the context that they are made in. */
  readonly isTraced: boolean;
  readonly instruments: Instruments;
  readonly parent: "link" | "parent";
  readonly exceptions: Exceptions;
  readonly baggage: boolean;
  readonly createSpans: boolean;
}
