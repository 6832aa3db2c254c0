import {
  createNoopMeter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import type { Extension, ExtensionParts } from "../../messaging/extension.js";
import type { Interceptor } from "../../messaging/interceptor.js";
import { Tally } from "../tally.js";
import { SCHEMA_URL, SCOPE } from "./convention.js";
import type { Exceptions } from "./exception.js";
import { instrumentsOf } from "./instruments.js";
import { observe } from "./observe.js";
import { Processing } from "./processing.js";
import { Sending } from "./sending.js";
import { Settling } from "./settling.js";
import { Transfers } from "./transfers.js";

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** @defaultValue the global one; the SDK must be started before the messaging is made */
  readonly tracerProvider?: TracerProvider;
  /** @defaultValue the global one; the SDK must be started before the messaging is made */
  readonly meterProvider?: MeterProvider;
  /**
   * How an attempt at a message belongs to the trace of its publisher. `link`: it begins a trace of its own, linked to that
   * one. `parent`: it is a part of that one, with every group, retry and redrive of the message. @defaultValue "link"
   */
  readonly parent?: "link" | "parent";
  /**
   * What spans tell of an error: its class and code, or its message and stack, too. The messages of your handlers' errors may
   * hold values that should be in no trace. @defaultValue "type"
   */
  readonly exceptions?: Exceptions;
  /** Carry W3C Baggage as well, in `metadata.baggage`. Every service that reads the stream can read it. @defaultValue false */
  readonly baggage?: boolean;
  /** Make a span for each message of a `publishAll`, beside the one for all of them. @defaultValue false */
  readonly createSpans?: boolean;
  /**
   * Make a span for each read that brings messages, with a link to each of their publishers, and for each acknowledgement, which
   * settles up to two hundred messages. @defaultValue false
   */
  readonly clientSpans?: boolean;
}

/**
 * Makes spans and metrics of a messaging by OpenTelemetry's semantic conventions, and carries the context of traces from
 * service to service, in `metadata.traceparent` and `metadata.tracestate`.
 * @example
 * import { openTelemetry } from "@m-erp/messaging/otel";
 *
 * await using messaging = createMessaging({ service: "billing-service", extensions: [openTelemetry()] });
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Extension {
  return { extend: () => partsOf(options) };
}

/** Whether anybody takes spans. Without an SDK the API's own provider takes none. */
function isTracing(tracers: TracerProvider): boolean {
  return !(tracers instanceof ProxyTracerProvider) || tracers.getDelegateTracer(SCOPE) !== undefined;
}

/** The same of metrics. */
function isMeasuring(meters: MeterProvider): boolean {
  return meters.getMeter(SCOPE).constructor !== createNoopMeter().constructor;
}

function partsOf({
  tracerProvider = trace.getTracerProvider(),
  meterProvider = metrics.getMeterProvider(),
  parent = "link",
  exceptions = "type",
  baggage = false,
  createSpans = false,
  clientSpans = false,
}: OpenTelemetryOptions): ExtensionParts {
  const isTraced = isTracing(tracerProvider);
  if (!isTraced && !isMeasuring(meterProvider)) return {};
  const tracer = tracerProvider.getTracer(SCOPE, undefined, { schemaUrl: SCHEMA_URL });
  const meter = meterProvider.getMeter(SCOPE, undefined, { schemaUrl: SCHEMA_URL });
  const instruments = instrumentsOf(meterProvider);
  const tracing = { tracer, isTraced, instruments, parent, exceptions, baggage, createSpans };
  const processing = new Processing(tracing);
  const settling = new Settling(tracing, processing);
  const sending = new Sending(tracing);
  const tally = new Tally();
  const interceptor: Interceptor = (call, next) =>
    call.operation === "handle" ? processing.handle(call, next) : sending.send(call, next);
  const { handlerFailed } = processing;
  return {
    interceptors: [interceptor],
    hooks: [
      tally.hooks,
      settling.hooks,
      { handlerFailed },
      ...(clientSpans && isTraced ? [new Transfers(tracing).hooks] : []),
    ],
    attach: (messaging) => observe(meter, messaging, { tally, processing }),
  };
}
