import { CLOCK, MINE, RECORD } from "./fragment.js";
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
  `${CLOCK}${MINE}${RECORD}
if #mine == 0 then return 0 end
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], 'parked', 0, ARGV[3], 'JUSTID')
if #claimed == 0 then
  redis.call('HDEL', KEYS[3], ARGV[3])
  return -1
end
redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[3])
recorded(KEYS[3], ARGV[3], ARGV[5])
return 1
`,
);
