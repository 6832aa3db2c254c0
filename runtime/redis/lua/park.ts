import { Script } from "./script.js";

/**
 * Lays a failed entry aside until its retry is due. It stays in the group's pending list, owned by `parked`: its
 * attempts are counted by Redis, other groups see nothing, and trimming keeps it.
 *
 * KEYS: 1 stream · 2 retry set · 3 errors (hash)
 * ARGV: 1 group · 2 consumer · 3 entry id · 4 delay in ms · 5 the error, as JSON
 * Result: 1 parked · 0 not mine any more, left alone · -1 the entry is gone from the stream, purged
 */
export const park: Script<number> = new Script(
  "park",
  3,
  `
local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
if #mine == 0 then return 0 end
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], 'parked', 0, ARGV[3], 'JUSTID')
if #claimed == 0 then
  redis.call('HDEL', KEYS[3], ARGV[3])
  return -1
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[4], ARGV[3])
local errors = redis.call('HGET', KEYS[3], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[3], (errors and errors .. ',' or '') .. ARGV[5])
return 1
`,
);
