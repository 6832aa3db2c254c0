import { hash } from "node:crypto";

/** Stands for a text: two texts with the same digest are the same. */
export type Digest = string;

export function digestOf(...texts: readonly string[]): Digest {
  return hash("sha256", `${texts.join("\0")}\0`, "base64url");
}
