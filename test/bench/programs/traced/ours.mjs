import { openTelemetry } from "@m-erp/messaging/otel";
import { settings } from "../program.mjs";
import { measure } from "./load.mjs";
import { providers, shutdown } from "./providers.mjs";

const given = providers(settings.share);
await measure([openTelemetry(given)]);
await shutdown(given);
