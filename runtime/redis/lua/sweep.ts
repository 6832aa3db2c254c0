import { Script } from "./script.js";

/**
 * Finds parked entries whose due time was lost (somebody deleted the retry set) and makes them due at once.
 *
 * KEYS: 1 stream · 2 retry set
 * ARGV: 1 group · 2 the id after which to look, `-` for the first · 3 how many to look at
 * Result: the id after which to go on, or nil when all have been looked at
 */
export const sweep: Script<string | null> = new Script(
  "sweep",
  2,
  `
local from = ARGV[2] == '-' and '-' or '(' .. ARGV[2]
local parked = redis.call('XPENDING', KEYS[1], ARGV[1], from, '+', ARGV[3], 'parked')
for _, entry in ipairs(parked) do
  if not redis.call('ZSCORE', KEYS[2], entry[1]) then redis.call('ZADD', KEYS[2], 0, entry[1]) end
end
if #parked < tonumber(ARGV[3]) then return nil end
return parked[#parked][1]
`,
);
