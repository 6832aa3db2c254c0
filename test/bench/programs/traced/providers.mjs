import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";

/** Takes spans and keeps none. */
const exporter = { export: (_spans, done) => done({ code: 0 }), shutdown: async () => {} };

class NobodyReads extends MetricReader {
  selectAggregationTemporality() {
    return AggregationTemporality.CUMULATIVE;
  }
  async onForceFlush() {}
  async onShutdown() {}
}

/** An SDK that takes all metrics, and records such a share of the traces; without a share, it makes none. */
export function providers(share) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const meterProvider = new MeterProvider({ readers: [new NobodyReads()] });
  if (share === undefined) return { meterProvider };
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) });
  const spanProcessors = [new BatchSpanProcessor(exporter)];
  return { tracerProvider: new BasicTracerProvider({ sampler, spanProcessors }), meterProvider };
}

export function shutdown({ tracerProvider, meterProvider }) {
  return Promise.all([tracerProvider?.shutdown(), meterProvider.shutdown()]);
}
