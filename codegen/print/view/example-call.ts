import type { Message } from "../../model/model.js";
import { namesOf } from "../../model/names.js";
import type { Schema } from "../../schema/schema.js";
import { printLiteral } from "../../typescript/literal.js";

/** The publisher's argument: without constants and fields that the runtime fills in, and with defaults optional. */
export function inputSchema(message: Message): Schema {
  const known = inputs.get(message);
  if (known !== undefined) return known;
  const input = makeInput(message);
  inputs.set(message, input);
  return input;
}

/** Made once, since several parts of a file are about the argument. */
const inputs = new WeakMap<Message, Schema>();

function makeInput({ schema, kind }: Message): Schema {
  const given = Object.entries(schema.properties ?? {}).filter(
    ([name, property]) => property.const === undefined && !kind.filledIn.includes(name),
  );
  const needed = new Set(given.flatMap(([name, property]) => (property.default === undefined ? [name] : [])));
  const required = (schema.required ?? []).filter((name) => needed.has(name));
  return {
    ...schema,
    properties: Object.fromEntries(given.map(([name, property]) => [name, written(property)])),
    required,
  };
}

/** A property as its publisher gives it: without forms that are only read. */
function written(schema: Schema): Schema {
  if (schema.anyOf === undefined) return schema;
  const { anyOf, ...property } = schema;
  const forms = anyOf.filter(({ tolerated }) => tolerated !== true);
  const [only] = forms;
  if (forms.length !== 1 || only === undefined) return { ...property, anyOf: forms };
  const { type: _type, ...notes } = property;
  return { ...only, ...notes };
}

/** The call that publishes the schema's first example; empty if it has none. */
export function emitExample(message: Message): string {
  const example = firstExample(message.schema);
  if (example === undefined) return "";
  const isCommand = message.kind.kind === "command";
  const given = new Set(Object.keys(isCommand ? {} : (inputSchema(message).properties ?? {})));
  // The runtime propagates it.
  given.delete("correlation_id");
  const input = isCommand
    ? example["payload"]
    : Object.fromEntries(Object.entries(example).filter(([name]) => given.has(name)));
  return printCall(`${isCommand ? "const result = " : ""}await ${namesOf(message).emit}(messaging, `, input, ");");
}

/** A handler that returns the first example of the result. */
export function handleExample(message: Message): string {
  const { result } = message;
  const answer = (result && firstExample(result.schema)) ?? {};
  return printCall(`${namesOf(message).subscribe}(messaging, async ({ payload }) => (`, answer, "));");
}

function firstExample(schema: Schema): Record<string, unknown> | undefined {
  return ((schema.examples as readonly Record<string, unknown>[] | undefined) ?? [])[0];
}

/** A call with a literal argument, laid out for the lines of a doc comment. */
function printCall(before: string, value: unknown, after: string): string {
  return `${before}${printLiteral(value, before.length + " * ".length, 0, after.length)}${after}`;
}
