/**
 * Names of OpenTelemetry's semantic conventions for messaging, version 1.45, and ours beside them. They are written out here
 * because the package of the conventions may change the experimental ones in any release.
 */
export const SCHEMA_URL = "https://opentelemetry.io/schemas/1.45.0";
/** The name of our tracer and meter. */
export const SCOPE = "@m-erp/messaging";

export const SYSTEM = "messaging.system.name";
/** What `messaging.system.name` was called before. Most that show traces know this name alone. */
export const OLD_SYSTEM = "messaging.system";
/** The conventions have no value for Redis among the systems of messaging. This one they have among the databases. */
export const REDIS = "redis";
export const OPERATION = "messaging.operation.name";
export const OPERATION_TYPE = "messaging.operation.type";
export const CLIENT_ID = "messaging.client.id";
export const MESSAGE_ID = "messaging.message.id";
export const CONVERSATION_ID = "messaging.message.conversation_id";
export const BATCH_COUNT = "messaging.batch.message_count";

export const MESSAGE_TYPE = "merp.message.type";
export const ENTRY_ID = "merp.entry.id";
export const ATTEMPT = "merp.attempt";
export const RETRY_DELAY = "merp.retry.delay_seconds";
export const REASON = "merp.dead_letter.reason";

export const SENT_MESSAGES = "messaging.client.sent.messages";
export const CONSUMED_MESSAGES = "messaging.client.consumed.messages";
export const OPERATION_DURATION = "messaging.client.operation.duration";
export const PROCESS_DURATION = "messaging.process.duration";
export const IN_FLIGHT = "merp.messaging.in_flight";

/** The bounds of durations that the conventions advise, in seconds. */
export const DURATION_BOUNDS: number[] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
