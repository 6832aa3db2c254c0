// bundle/ makes schemas for other tools; it may import manifest.ts, write.ts and the runtime's contract and errors.

import type { CommandDescriptor, Descriptor } from "../../runtime/contract/descriptor.js";
import { wireForm } from "../../runtime/contract/encrypt.js";
import type { JsonSchema } from "../../runtime/contract/json-schema.js";
import { jsonSchemaFor } from "../../runtime/contract/json-schema-target.js";
import { mapSchemas } from "../../runtime/contract/map-schema.js";
import { withNumberBounds } from "../../runtime/contract/number-bounds.js";
import { closeSchema } from "../../runtime/contract/validation.js";
import { UsageError } from "../../runtime/errors.js";
import { withPlainDefinitions } from "./plain-definitions.js";
import { TOLERANT_INSTANT } from "./tolerant-instant.js";

/** Which schema to bundle. */
export interface BundleOptions {
  /** `reader` allows what a handler receives, `writer` what may be published. @defaultValue "reader" */
  readonly side?: "reader" | "writer";
  /** The version of JSON Schema. @defaultValue "2020-12" */
  readonly draft?: "2020-12" | "7";
}

/** A message whose schema is bundled. */
export interface Bundled {
  readonly descriptor: Descriptor;
  /** The TypeScript name. */
  readonly name: string;
}

/** A schema that refers to nothing outside of it. */
export interface Bundle {
  /** `events/order.placed`, or `commands/reserve_stock.result` for the answer to a command. */
  readonly path: string;
  readonly schema: object;
}

/** A schema cannot be bundled as it was asked for. */
export class BundleRefusedError extends Error {
  override readonly name = "BundleRefusedError";
  readonly code = "BUNDLE_REFUSED";
}

const TARGETS = { "2020-12": "draft-2020-12", "7": "draft-07" } as const;

/**
 * The bundled schemas of a message: that of the whole message, and of a command that of its result.
 *
 * @throws {BundleRefusedError} if that version of JSON Schema cannot say what the schema says
 */
export function bundlesOf({ descriptor, name }: Bundled, options: BundleOptions = {}): readonly Bundle[] {
  const { kind, stream, type, schema } = descriptor;
  const path = `${stream}/${kind === "health" ? "report" : type}`;
  const bundle = (at: string, title: string, given: JsonSchema): Bundle => ({
    path: at,
    schema: bundled(at, { ...given, title }, options),
  });
  const message = bundle(path, name, schema);
  if (kind !== "command") return [message];
  return [message, bundle(`${path}.result`, `${name}Result`, (descriptor as CommandDescriptor).result)];
}

function bundled(path: string, given: JsonSchema, { side = "reader", draft = "2020-12" }: BundleOptions): object {
  const wire = wireForm(given);
  const judged = side === "writer" ? closeSchema(wire) : withTolerantInstants(wire);
  try {
    const { $schema, title, ...rest } = jsonSchemaFor(TARGETS[draft], withPlainDefinitions(withNumberBounds(judged)));
    return { $schema, title, ...rest };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new BundleRefusedError(`${path} cannot be bundled: ${error.message}`);
  }
}

/** Readers take instants without a zone, which the format `date-time` does not. */
function withTolerantInstants(schema: JsonSchema): JsonSchema {
  const { format, ...rest } = mapSchemas(schema, withTolerantInstants);
  if (format !== "date-time") return format === undefined ? rest : { ...rest, format };
  const pattern = { pattern: TOLERANT_INSTANT };
  // A schema may have a pattern of its own.
  return rest["pattern"] === undefined ? { ...rest, ...pattern } : { ...rest, allOf: [...allOf(rest), pattern] };
}

function allOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema["allOf"] as readonly JsonSchema[] | undefined) ?? [];
}
