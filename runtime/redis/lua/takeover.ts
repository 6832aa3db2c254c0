import { MINE, THEIRS } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Takes over the entries of a dead consumer. It is dead only if its heartbeat is still the one that the caller has
 * watched for a whole lease. The claims count no delivery: most entries were merely prefetched. The consumer is deleted
 * in the same step, but only when it has nothing pending: Redis drops the pending entries of a deleted consumer. The
 * types that it handled are forgotten with its name; its heartbeat goes last, so that a step that was refused is repeated.
 * KEYS: 1 stream · 2 heartbeats · 3 handled types (hash)
 * ARGV: 1 group · 2 the caller · 3 the dead consumer · 4 its heartbeat as watched · 5 how many entries at most · 6 a new
 *       version of the handled types
 * Result: the ids taken over, or nil when the consumer lives
 */
export const reap: Script<string[] | null> = script("reap")`
if (redis.call('ZSCORE', KEYS[2], ARGV[3]) or '') ~= ARGV[4] then return nil end
local taken = {}
for _, entry in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[5], ARGV[3])) do
  local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry[1], 'JUSTID')
  taken[#taken + 1] = claimed[1]
end
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[3]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[3])
  if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then
    redis.call('HSET', KEYS[3], 'version', ARGV[6])
    redis.call('HDEL', KEYS[3], ARGV[3])
  end
  redis.call('ZREM', KEYS[2], ARGV[3])
end
return taken
`;

/**
 * Counts the delivery of an entry that was taken over from a dead consumer, just before its handler runs. An entry that
 * was dropped when an operator deleted the caller's name becomes pending again.
 * KEYS: 1 stream
 * ARGV: 1 group · 2 consumer · 3 entry id · 4 how often it was delivered · 5 `kept` when nobody can have taken it over,
 *       else empty
 * Result: its fields and how often it has now been delivered; nil when it belongs to another consumer or is deleted
 */
export const adopt: Script<[fields: string[], attempt: number] | null> = script("adopt")`${MINE}${THEIRS}
if #mine == 0 and (#theirs > 0 or ARGV[5] == '') then return nil end
local count = (mine[1] and mine[1][4] or ARGV[4]) + 1
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'FORCE', 'RETRYCOUNT', count)
if #claimed == 0 then return nil end
return { claimed[1][2], count }
`;
