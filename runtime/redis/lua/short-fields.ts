import { type Script, script } from "./script.js";

/** No text of our bookkeeping is longer that is read by itself: a version, an epoch, a name, an id. */
const LONGEST = 1024;

/**
 * Defines `is_long(key, field, most)`: whether a field of a hash is longer than any text of ours, so that others have written it.
 * Whoever may not ask takes it for one of ours: rights that were given for an older version do not include `HSTRLEN`.
 */
export const IS_LONG: string = `
local function is_long(key, field, most)
  local length = redis.acl_check_cmd('HSTRLEN', key, field) and redis.pcall('HSTRLEN', key, field)
  return type(length) == 'number' and length > (most or ${LONGEST})
end`;

/**
 * Reads fields of a hash, of which others may have written some: one that is longer than any of ours counts as missing.
 * KEYS: 1 a hash
 * ARGV: the fields
 * Result: their values, nil for each that is missing
 */
export const shortFields: Script<(string | null)[]> = script("short_fields", { reads: true })`${IS_LONG}
local values = {}
for i, field in ipairs(ARGV) do
  values[i] = not is_long(KEYS[1], field) and redis.call('HGET', KEYS[1], field)
end
return values
`;
