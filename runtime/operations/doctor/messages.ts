import { defineCommand, defineEvent, defineHealth, defineNotification } from "../../contract/define.js";
import type {
  Catalogue,
  CommandDescriptor,
  EventDescriptor,
  HealthDescriptor,
  NotificationDescriptor,
} from "../../contract/descriptor.js";
import type { JsonSchema } from "../../contract/json-schema.js";

/** The content of each of the doctor's messages. */
export interface Sample {
  readonly text: string;
  readonly numbers: readonly number[];
}

interface SampleEvent {
  readonly entity_id: string;
  readonly after_data: Sample;
}

interface SampleCommand {
  readonly payload: Sample;
}

interface SampleNotification {
  readonly title: string;
  readonly message: string;
  readonly target_user_id: number;
  readonly metadata: Sample;
}

interface SampleHealth {
  readonly status: string;
  readonly details: Sample;
}

const text: JsonSchema = { type: "string", minLength: 1 };
const instant: JsonSchema = { type: "string", format: "date-time" };
const sample: JsonSchema = {
  type: "object",
  properties: { text: { type: "string" }, numbers: { type: "array", items: { type: "number" } } },
  required: ["text", "numbers"],
};

/** The envelope of every kind but health, its fields in the order in which they are written. */
function message(kind: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return {
    type: "object",
    properties: {
      id: { type: "string", format: "uuid" },
      timestamp: instant,
      source_service: text,
      correlation_id: text,
      metadata: { type: "object", additionalProperties: true, default: {} },
      type: { const: kind },
      ...properties,
    },
    required: ["id", "timestamp", "source_service", "type"],
  };
}

export const sampleEvent: EventDescriptor<SampleEvent, SampleEvent> = defineEvent(
  "doctor.examined",
  message("event", {
    event_type: { const: "doctor.examined" },
    entity_type: { const: "doctor" },
    entity_id: text,
    after_data: sample,
  }),
);

export const sampleCommand: CommandDescriptor<SampleCommand, Sample, Sample> = defineCommand(
  "examine",
  message("command", {
    command_type: { const: "examine" },
    target_service: { ...text, default: "doctor" },
    payload: sample,
    reply_to: text,
    timeout: { type: "integer", minimum: 1, default: 30 },
  }),
  sample,
);

export const sampleNotification: NotificationDescriptor<SampleNotification, SampleNotification> = defineNotification(
  "examined",
  message("notification", {
    notification_type: { const: "examined" },
    title: text,
    message: text,
    target_user_id: { type: "integer" },
  }),
);

export const sampleHealth: HealthDescriptor<SampleHealth, SampleHealth> = defineHealth("health.report", {
  type: "object",
  properties: { service_name: text, status: text, timestamp: instant, details: sample },
  required: ["service_name", "status", "timestamp", "details"],
});

/** The doctor's own catalogue: it must work without any other. */
export const doctorCatalogue: Catalogue = {
  name: "doctor",
  encoding: "fields",
  messages: [sampleEvent, sampleCommand, sampleNotification, sampleHealth],
};
