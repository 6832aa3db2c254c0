import { formats } from "../../runtime/contract/format.js";
import type { Schema } from "../schema/schema.js";
import { textsMatching } from "./matching-text.js";

/** Texts of each format: the usual one first, then one at a limit. */
const formatted: Readonly<Record<string, readonly string[]>> = {
  "date-time": ["2026-11-23T10:30:00Z", "2024-02-29T23:59:59.123456+14:00"],
  date: ["2026-11-23", "2024-02-29"],
  time: ["10:30:00Z", "23:59:59.999-05:30"],
  email: ["ada@example.com", "a@b"],
  hostname: ["example.com", "a"],
  ipv4: ["192.0.2.1", "255.255.255.255"],
  ipv6: ["2001:db8::1", "::"],
  uri: ["https://example.com/a?b=%20#c", "a:"],
  uuid: ["0c352b96-8628-4933-bfaf-959ce68e851e", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"],
};

/** A text at a limit is made up to this length. */
const LONGEST = 300;

/** Texts that a schema accepts, among them those at its limits, as far as they can be made. */
export function textsOf(schema: Schema): readonly string[] {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, format, pattern } = schema;
  const regex = pattern === undefined ? undefined : new RegExp(pattern, "u");
  const fits = (text: string): boolean => {
    const length = [...text].length;
    const isOfFormat = format === undefined || formats[format]?.(text) !== false;
    return length >= minLength && length <= maxLength && isOfFormat && regex?.test(text) !== false;
  };
  // A character of two code units counts once.
  const longest = "😀".repeat(Math.min(maxLength, LONGEST, minLength + 20));
  const plain = ["text", longest, "a".repeat(Math.min(minLength, LONGEST))];
  const known = format === undefined ? plain : (formatted[format] ?? plain);
  const made = pattern === undefined ? [] : textsMatching(pattern, fits);
  return [...new Set([...made, ...known])].filter(fits);
}
