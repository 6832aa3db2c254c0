import { openTelemetry } from "@m-erp/messaging/otel";
import { measure } from "./load.mjs";
import { providers } from "./providers.mjs";

const given = providers();
await measure([openTelemetry(given)]);
await Promise.all([given.tracerProvider.shutdown(), given.meterProvider.shutdown()]);
