import type { FlatFields } from "../contract/codec.js";

/** The fields of an entry as a dead letter holds them: `length:bytes,` after `length:bytes,`, which keeps any bytes as they are. */
export function packed(fields: FlatFields): string {
  return fields.map((text) => `${Buffer.byteLength(text)}:${text},`).join("");
}
