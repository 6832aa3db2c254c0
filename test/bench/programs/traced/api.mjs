import { openTelemetry } from "@m-erp/messaging/otel";
import { measure } from "./load.mjs";

// The API alone, which does nothing.
await measure([openTelemetry()]);
