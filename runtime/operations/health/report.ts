import type { LogEntry } from "../../broker/log.js";
import { textLength } from "../../contract/codec.js";
import { contractOf } from "../../contract/contract.js";
import { defineHealth } from "../../contract/define.js";
import type { HealthDescriptor } from "../../contract/descriptor.js";
import { DecodeError } from "../../errors.js";
import type { ServiceReport, StreamReport } from "./alert.js";

/** A health message as a service in any language writes it. */
export interface HealthMessage {
  readonly service_name: string;
  readonly status: string;
  readonly timestamp: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly uptime_seconds?: number;
  readonly version?: string;
}

const message: HealthDescriptor<HealthMessage> = defineHealth("health.report", {
  type: "object",
  properties: {
    service_name: { type: "string", minLength: 1 },
    status: { type: "string", minLength: 1 },
    timestamp: { type: "string", format: "date-time" },
    details: { type: "object", additionalProperties: true },
    uptime_seconds: { type: "number" },
    version: { type: "string", minLength: 1 },
  },
  required: ["service_name", "status", "timestamp"],
});

/** The details of a report may be of any length. */
const LONGEST_REPORT = 65_536;

/** A character has up to three bytes, or six for two. Of an entry with more the collector reads only the short fields. */
export const MOST_REPORT_BYTES: number = 3 * LONGEST_REPORT;

/** @throws {DecodeError} when it cannot be decoded or is too long, {ContractError} when it is not a health message */
export function readHealthMessage({
  fields,
  oversizedBytes,
}: Pick<LogEntry, "fields" | "oversizedBytes">): HealthMessage {
  if (oversizedBytes !== undefined || textLength(fields) > LONGEST_REPORT) {
    throw new DecodeError(`it is longer than ${LONGEST_REPORT} characters`);
  }
  return contractOf(message).read(fields) as unknown as HealthMessage;
}

/** The values of a message that the rules use. It has no streams if the message has no details of them. */
export function serviceReport({ service_name: service, status, details }: HealthMessage): ServiceReport {
  const streams = Object.entries(objectOf(details?.["streams"])).map(([name, told]): [string, StreamReport] => {
    const { lag, oldest_pending_seconds, dead_letters } = objectOf(told);
    const report = {
      lag: numberOf(lag),
      pendingSeconds: numberOf(oldest_pending_seconds),
      deadLetters: numberOf(dead_letters),
    };
    return [name, report];
  });
  return { service, status, streams: new Map(streams) };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
