import type { CommandDescriptor } from "../contract/descriptor.js";
import { setOwn } from "../contract/field.js";
import { normaliseInstant, presentInstant } from "../contract/instant.js";
import { pathOf, pathWithin, shownPath } from "../contract/issue-path.js";
import { DecodeError } from "../errors.js";

/** The answer to a command, as it is published on the sender's channel. */
export interface Response {
  readonly command_id: string;
  readonly success: boolean;
  readonly result?: unknown;
  readonly error?: string;
  readonly error_code?: string;
  readonly timestamp: string;
  readonly execution_time_ms?: number;
}

export type ResponseOutcome =
  | { readonly success: true; readonly result: unknown }
  | { readonly success: false; readonly error: string; readonly errorCode: string | undefined };

/** Writes an answer. Absent values are null, as the Python services write them, whose models have whole milliseconds. */
export function encodeResponse(
  commandId: string,
  outcome: ResponseOutcome,
  executionTimeMs?: number,
  now?: number,
): string {
  return JSON.stringify({
    command_id: commandId,
    success: outcome.success,
    result: outcome.success ? (outcome.result ?? null) : null,
    error: outcome.success ? null : outcome.error,
    error_code: outcome.success ? null : (outcome.errorCode ?? null),
    timestamp: presentInstant(now),
    execution_time_ms: executionTimeMs === undefined ? null : Math.round(executionTimeMs),
  });
}

/** Reads an answer. A null means absent; an instant may lack its zone. @throws {DecodeError} when it is no answer */
export function decodeResponse(payload: string): Response {
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload);
  } catch {
    throw new DecodeError(`a reply holds no JSON (${payload.length} characters)`);
  }
  const given = parsed as Record<string, unknown> | null;
  if (typeof given !== "object" || given === null || typeof given["command_id"] !== "string") {
    throw new DecodeError("a reply must be an object with a command_id");
  }
  if (typeof given["success"] !== "boolean") throw new DecodeError("a reply must say whether it is a success");
  const response: Record<string, unknown> = {};
  for (const name of Object.keys(given)) if (given[name] !== null) setOwn(response, name, given[name]);
  for (const name of ["error", "error_code"]) {
    if (typeof response[name] !== "string") delete response[name];
  }
  const { timestamp } = response;
  if (typeof timestamp === "string") response["timestamp"] = normaliseInstant(timestamp);
  return response as unknown as Response;
}

/** A place in an answer, as an error names it. Of a result no names are shown that its schema marks as sensitive. */
export function placeIn(keys: readonly string[], { result }: Pick<CommandDescriptor, "result">): string {
  const [first, ...within] = keys;
  return first === "result" ? pathWithin(first, shownPath(within, result)) : pathOf(keys);
}
