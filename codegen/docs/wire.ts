import { hasEncrypted, wireForm } from "../../runtime/contract/encrypt.js";
import { EncryptedParts } from "../../runtime/contract/encrypted-parts.js";
import type { Message, Model } from "../model/model.js";
import type { Schema } from "../schema/schema.js";

/** Stands for a ciphertext in examples, which are written without keys. */
const CIPHERTEXT = `e1.example.${"A".repeat(60)}`;

/** A flat schema as it is on the wire, where what is encrypted is a text. */
export function onWire(schema: Schema, model: Pick<Model, "flattener">): Schema {
  if (!hasEncrypted(model.flattener.whole(schema))) return schema;
  const { $defs: _, ...wire } = wholeOnWire(schema, model);
  return wire;
}

/** The same with all that it refers to. */
export function wholeOnWire(schema: Schema, { flattener }: Pick<Model, "flattener">): Schema {
  const whole = flattener.whole(schema);
  if (!hasEncrypted(whole)) return whole;
  const { examples, ...wire } = wireForm(whole) as Schema;
  return examples === undefined ? wire : { ...wire, examples: examples.map((each) => sealedExample(each, whole)) };
}

/** A message as it is on the wire. */
export function messageOnWire(message: Message, model: Model): Message {
  const { schema, result } = message;
  return {
    ...message,
    schema: onWire(schema, model),
    result: result && { ...result, schema: onWire(result.schema, model) },
  };
}

/** An example of a message, as it is on the wire. */
export function exampleOnWire<Example>(example: Example, schema: Schema, { flattener }: Model): Example {
  return sealedExample(example, flattener.whole(schema)) as Example;
}

function sealedExample(example: unknown, whole: Schema): unknown {
  const encrypted = EncryptedParts.of(whole);
  if (encrypted === undefined) return example;
  const { message, parts } = encrypted.in(example as Record<string, unknown>);
  for (const part of parts) if (part.encrypt !== "read") part.value = CIPHERTEXT;
  return message;
}
