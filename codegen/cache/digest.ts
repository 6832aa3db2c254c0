import { createHash } from "node:crypto";

/** Stands for a text: two texts with the same digest are the same. */
export type Digest = string;

export function digestOf(...texts: readonly string[]): Digest {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("base64url");
}
