import { CLOCK, ID_ORDER } from "./fragment.js";
import { Script } from "./script.js";

/**
 * Creates a consumer group that is missing, where nothing can be lost by it.
 *
 * The group's low-water position is kept beside the stream: nothing below it is unacknowledged. A group that existed
 * before begins there again, or at 0 when the stream is younger than the position (it was deleted, or Redis came back
 * empty). Never at `$`, which would drop what came meanwhile.
 *
 * KEYS: 1 stream · 2 the group's position (hash) · 3 the groups that are served (sorted set)
 * ARGV: 1 group · 2 where a group that never existed begins (`0` or `$`) · 3 for how many ms one that did stays away
 * Result: the id from which it was created, nil when it was there, or in how many ms to come again
 */
export const ensureGroup: Script<string | number | null> = new Script(
  "ensure_group",
  3,
  `${ID_ORDER}${CLOCK}
redis.call('HSET', KEYS[2], 'served', now)
redis.call('ZADD', KEYS[3], now, ARGV[1])

local last
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    if group[2] == ARGV[1] then
      redis.call('HDEL', KEYS[2], 'missing')
      return nil
    end
  end
end

local from = ARGV[2]
local position = redis.call('HGET', KEYS[2], 'position')
if position and last and not before(last, position) then
  from = position
  local missing = math.min(tonumber(redis.call('HGET', KEYS[2], 'missing') or now), now)
  local newest = parts(last)
  local left = math.min(missing, tonumber(newest)) + ARGV[3] - now
  if left > 0 then
    redis.call('HSET', KEYS[2], 'missing', missing)
    return left
  end
elseif position then
  from = '0'
elseif from == '$' then
  from = last or '0'
end

redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], from, 'MKSTREAM')
redis.call('HDEL', KEYS[2], 'missing')
redis.call('HSET', KEYS[2], 'position', from)
return from
`,
);
