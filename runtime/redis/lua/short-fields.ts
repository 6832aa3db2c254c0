import { type Script, script } from "./script.js";

/** No text of our bookkeeping is longer that is read by itself: a version, an epoch, a name, an id. */
const LONGEST = 1024;

/**
 * Reads fields of a hash, of which others may have written some: one that is longer than any of ours counts as missing.
 * KEYS: 1 a hash
 * ARGV: the fields
 * Result: their values, nil for each that is missing
 */
export const shortFields: Script<(string | null)[]> = script("short_fields")`
local values = {}
for i, field in ipairs(ARGV) do
  values[i] = redis.call('HSTRLEN', KEYS[1], field) <= ${String(LONGEST)} and redis.call('HGET', KEYS[1], field)
end
return values
`;
