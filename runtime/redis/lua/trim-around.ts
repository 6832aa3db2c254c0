import { ID_ORDER, LENGTH, WHOLE } from "./fragment.js";
import { type Script, script } from "./script.js";

/** How many were removed · 1 when there may be more, else 0 · then where to go on. */
export type TrimmedAround = [removed: number, more: number, after: string, gap: string];

/**
 * Goes on with a trim where dead letters refer to entries that are too large: removes what is below its limit but those,
 * a part at a time. A reference names an entry and its letter, each by its id of forty digits. It holds for as long as the
 * letter is there and open: nobody else needs to know of it, and no crash leaves one behind. The entry of one that holds no
 * longer is removed without being read.
 *
 * KEYS: 1 stream · 2 references to entries that are too large (sorted set) · 3 dead letters · 4 how each was settled (hash) ·
 *       5 what the last trim knew (hash)
 * ARGV: 1 the limit · 2 how many to remove at most; empty for all · 3 the last reference that was looked at, empty at first ·
 *       4 where what is not removed yet begins, as for XRANGE: `-` at first
 * Result: {@link TrimmedAround}
 */
export const trimAround: Script<TrimmedAround> = script("trim_around")`${ID_ORDER}${LENGTH}${WHOLE}
local function number(digits) return string.match(digits, '^0*(%d+)$') or '' end
local function id_at(text, at)
  return number(string.sub(text, at, at + 19)) .. '-' .. number(string.sub(text, at + 20, at + 39))
end
local function is_open(letter)
  return redis.call('HEXISTS', KEYS[4], letter) == 0 and #redis.call('XRANGE', KEYS[3], letter, letter) == 1
end
-- One that others gave a score would stand out of its order.
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(0')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '(0', '+inf')
local after, gap, removed, more = ARGV[3], ARGV[4], 0, 1
local most = tonumber(ARGV[2])
-- A reference and an entry count as one each, and so do each five thousand bytes that are read.
local left = 200
local function remove_below(id, large)
  if gap == '-' and large then
    -- A small entry before the first large one stays: Redis reads the first whenever it is asked for the stream's extent.
    local guard = redis.call('XREVRANGE', KEYS[1], '(' .. large, '-', 'COUNT', 1)[1]
    if guard and length(guard[2]) <= 65536 and before(guard[1], id) then id = guard[1] end
  end
  if gap == '-' and not most then
    removed = removed + redis.call('XTRIM', KEYS[1], 'MINID', id)
    return true
  end
  while gap ~= '(' .. id do
    if left <= 0 or most and removed >= most then return false end
    local entry = redis.call('XRANGE', KEYS[1], gap, '(' .. id, 'COUNT', 1)[1]
    if not entry then return true end
    left = left - 1 - length(entry[2]) / 5000
    removed = removed + redis.call('XDEL', KEYS[1], entry[1])
  end
  return true
end

-- Whether all below the limit is removed that may be.
local is_done = false
while more == 1 and left > 0 do
  if most and removed >= most then
    more = 0
    break
  end
  local from = after == '' and '-' or '(' .. after
  local member = redis.call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, 1)[1]
  local entry, letter = member and id_at(member, 1), member and id_at(member, 41)
  left = left - 1
  if member and not (#member == 80 and is_id(entry) and is_id(letter)) then
    redis.call('ZREM', KEYS[2], member)
  elseif not member or not before(entry, ARGV[1]) then
    if not is_done and not remove_below(ARGV[1], entry) then break end
    is_done = true
    if not member then
      more = 0
    else
      -- The entry is none too many. A reference that holds no longer must not count as one.
      if not is_open(letter) then redis.call('ZREM', KEYS[2], member) end
      after = member
    end
  else
    if not remove_below(entry, entry) then break end
    if is_open(letter) then
      gap = '(' .. entry
    else
      redis.call('ZREM', KEYS[2], member)
      local others = '[' .. padded(entry)
      if #redis.call('ZRANGEBYLEX', KEYS[2], others, others .. ':', 'LIMIT', 0, 1) == 0 then
        removed = removed + redis.call('XDEL', KEYS[1], entry)
      end
    end
    after = member
  end
end
local gone = whole(redis.call('HGET', KEYS[5], 'gone'))
if gone and removed > 0 then redis.call('HSET', KEYS[5], 'gone', string.format('%.0f', gone + removed)) end
return { removed, more, after, gap }
`;
