import { ConfigError } from "../errors.js";

/** What is wrong with the key that a publisher chose; `undefined` for a good one, or none. */
export function misuseOfKey(key: unknown): ConfigError | undefined {
  if (key === undefined || (typeof key === "string" && key !== "")) return undefined;
  return new ConfigError([`key must be a text that is not empty, got ${JSON.stringify(key)}`]);
}
