import type { Encoding } from "../../../runtime/contract/descriptor.js";
import { fieldsOf } from "../../../runtime/contract/field.js";
import type { Message } from "../../model/model.js";
import { namesOf } from "../../model/names.js";
import { firstSentence } from "../subject.js";
import type { AsyncSchema, SchemaWriter } from "./schema.js";

/** A message as AsyncAPI describes it. */
export function messageObject(message: Message, writer: SchemaWriter, encoding: Encoding): object {
  const { kind, type, name, schema } = message;
  const { title: _title, examples = [], ...whole } = schema;
  const { description, deprecated } = schema;
  return {
    name: type,
    title: name,
    summary: firstSentence(description ?? ""),
    description: describe(message, encoding),
    contentType: "application/json",
    ...(schema.properties?.["correlation_id"] !== undefined && {
      correlationId: { location: "$message.payload#/correlation_id" },
    }),
    tags: [{ name: kind.kind }, ...(deprecated === true ? [{ name: "deprecated" }] : [])],
    bindings: { redis: {} },
    payload: writer.write(whole),
    examples: examples.map((payload) => ({ payload })),
    "x-merp": { kind: kind.kind, type, name },
    "x-redis": wireOf(message, encoding),
  };
}

/** How an entry of a stream says it. */
function wireOf({ kind, type, schema }: Message, encoding: Encoding): object {
  const fields = fieldsOf(schema).list.map(({ name, kind: form }) => ({
    name,
    as: form === "instant" ? "text" : form,
  }));
  return {
    stream: kind.folder,
    written: encoding,
    read: ["fields", "json"],
    encodings: {
      fields: { description: "A field for each property, in this order; what is absent is empty.", fields },
      json: {
        description: "Two fields.",
        fields: [
          { name: "message_type", value: type },
          { name: "json", as: "json" },
        ],
      },
    },
  };
}

function describe({ schema, kind, type }: Message, encoding: Encoding): string {
  const other = encoding === "fields" ? "json" : "fields";
  const wire =
    encoding === "fields"
      ? "a field for each property, in which nested values are JSON and absent ones are empty"
      : `two fields, \`message_type\` (\`${type}\`) and \`json\`, which holds the payload`;
  const parts = [
    schema.description ?? "",
    `The payload is what an entry of the stream \`${kind.folder}\` says. It is written in the encoding \`${encoding}\`: ${wire}. Entries in \`${other}\` are read as well.`,
    "A publisher is held to the declared names wherever an object has `x-closed-for-publishers`; a reader ignores other names.",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What answers a command: its result within the envelope of all answers. */
export function responseObject(message: Message, resultKey: string): object {
  const { type, name, result } = message;
  const [example] = (result?.schema.examples ?? []) as readonly unknown[];
  const reference = { $ref: `#/components/schemas/${resultKey}` };
  const nullable = (schema: AsyncSchema): AsyncSchema => ({ ...schema, type: [schema["type"] as string, "null"] });
  return {
    name: `${type}.response`,
    title: `${name}Response`,
    summary: `The answer to ${type}.`,
    description: `Published as JSON on the Pub/Sub channel that the command's \`reply_to\` names. Null means the same as absent.`,
    contentType: "application/json",
    tags: [{ name: "response" }],
    bindings: { redis: {} },
    payload: {
      type: "object",
      properties: {
        command_id: { type: "string", format: "uuid", description: "The `id` of the command that is answered." },
        success: { type: "boolean", description: "Whether the command was carried out." },
        result: {
          anyOf: [reference, { type: "null" }],
          description: "What came of it; null when it failed.",
        },
        error: nullable({ type: "string", description: "Why it failed, for people." }),
        error_code: nullable({ type: "string", description: "Why it failed, for programs." }),
        timestamp: { type: "string", format: "date-time", description: "When the answer was written, in UTC." },
        execution_time_ms: nullable({ type: "integer", minimum: 0, description: "Milliseconds the handler took." }),
      },
      required: ["command_id", "success", "timestamp"],
    },
    ...(example !== undefined && {
      examples: [
        {
          payload: {
            command_id: "457e639f-5042-4e28-926c-b1431669f6e6",
            success: true,
            result: example,
            timestamp: "2026-11-23T10:26:43.700Z",
            execution_time_ms: 12,
          },
        },
      ],
    }),
    "x-merp": { kind: "response", type, name: namesOf(message).result, result: reference.$ref },
  };
}
