import { hasEncrypted, wireForm } from "../../../runtime/contract/encrypt.js";
import { EncryptedParts } from "../../../runtime/contract/encrypted-parts.js";
import type { Message, Model } from "../../model/model.js";
import type { Schema } from "../../schema/schema.js";

/** Stands for a ciphertext in examples, which are written without keys. */
const CIPHERTEXT = `e1.example.${"A".repeat(60)}`;

/** A flat schema as it is on the wire, where what is encrypted is a text. */
export function onWire(schema: Schema, { flattener }: Pick<Model, "flattener">): Schema {
  const whole = flattener.whole(schema);
  if (!hasEncrypted(whole)) return schema;
  const { $defs: _, examples, ...wire } = wireForm(whole) as Schema;
  const parts = EncryptedParts.of(whole);
  const sealed = examples?.map((example) => (parts === undefined ? example : sealedExample(example, parts)));
  return sealed === undefined ? wire : { ...wire, examples: sealed };
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

function sealedExample(example: unknown, encrypted: EncryptedParts): unknown {
  const { message, parts } = encrypted.in(example as Record<string, unknown>);
  for (const part of parts) if (part.encrypt !== "read") part.value = CIPHERTEXT;
  return message;
}
