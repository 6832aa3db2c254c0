import { CLOCK } from "./fragment.js";
import { Script } from "./script.js";

/** A released entry: its id, its fields, how often it has now been delivered. */
export type Released = [id: string, fields: string[], attempt: number];

/**
 * Takes parked entries whose retry is due. Each is claimed by the caller, which counts the delivery; one that is
 * gone from the stream is forgotten.
 *
 * KEYS: 1 stream · 2 retry set · 3 errors (hash)
 * ARGV: 1 group · 2 consumer · 3 how many at most
 * Result: the released entries · milliseconds until the next is due, or -1 when none is parked
 */
export const release: Script<[Released[], number]> = new Script(
  "release",
  3,
  `${CLOCK}
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[3])
local released = {}
for _, id in ipairs(due) do
  local parked = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, 'parked')
  if #parked == 1 then
    local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id)
    if #claimed == 1 and claimed[1] then
      released[#released + 1] = { id, claimed[1][2], parked[1][4] + 1 }
    else
      redis.call('HDEL', KEYS[3], id)
    end
  end
  redis.call('ZREM', KEYS[2], id)
end
local next = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return { released, #next == 2 and math.max(0, next[2] - now) or -1 }
`,
);
