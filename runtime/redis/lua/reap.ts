import { Script } from "./script.js";

/**
 * Takes over what a dead consumer held. It is dead only if its heartbeat is still the one that the caller has watched
 * for a whole lease. Claimed without counting a delivery: most entries were merely prefetched. The dead consumer's
 * name goes when nothing is left to it, in the same step: Redis drops what a deleted consumer has pending.
 *
 * KEYS: 1 stream · 2 heartbeats
 * ARGV: 1 group · 2 the caller · 3 the dead consumer · 4 its heartbeat as watched · 5 how many entries at most
 * Result: the ids taken over, or nil when it lives
 */
export const reap: Script<string[] | null> = new Script(
  "reap",
  2,
  `
if (redis.call('ZSCORE', KEYS[2], ARGV[3]) or '') ~= ARGV[4] then return nil end
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[5], ARGV[3])
local taken = {}
for _, entry in ipairs(pending) do
  local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry[1], 'JUSTID')
  if #claimed == 1 then taken[#taken + 1] = entry[1] end
end
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[3]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[3])
  redis.call('ZREM', KEYS[2], ARGV[3])
end
return taken
`,
);
