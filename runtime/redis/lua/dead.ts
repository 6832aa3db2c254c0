import { CLOCK, ID_ORDER, MAP } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Bounds the dead letters of a stream, by their age and by their number in each group. What was redriven or discarded goes
 * first, then what is open, the oldest first. The index lists the letters by group, state and id, so that those of a group
 * are counted without reading any. When it does not match the letters and their marks (an older version wrote some,
 * or others deleted some), it is made anew, page by page.
 *
 * KEYS: 1 dead letters · 2 how each was settled (hash) · 3 the index (sorted set) · 4 the lock of trimming
 * ARGV: 1 maximum age in ms · 2 maximum number in each group · 3 how many to look at · 4 where to go on in making the index
 *       anew; empty at first
 * Result: where to go on, empty when there is nothing more to do · 1 when there may be more to remove, else 0 · then a group, and
 *         how many open letters of it were removed, …
 */
export const boundDead: Script<[from: string, more: number, ...(string | number)[]]> = script(
  "bound_dead",
)`${CLOCK}${MAP}${ID_ORDER}
-- No group of ours has a name of two lines: it would stand between the letters of another one.
local function member(group, id)
  if string.find(group, '\n', 1, true) then group = '' end
  return group .. '\n' .. (redis.call('HEXISTS', KEYS[2], id) == 1 and 's' or 'o') .. padded(id)
end
-- Empty parts stand for those of a member that others have written.
local function number(digits) return string.match(digits, '^0*(%d+)$') or '' end
local function id_of(text) return number(string.sub(text, -40, -21)) .. '-' .. number(string.sub(text, -20)) end

if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('DEL', KEYS[3])
  return { '', 0 }
end
local from = ARGV[4]
if from == '' and redis.call('ZCARD', KEYS[3]) ~= redis.call('XLEN', KEYS[1]) then
  redis.call('DEL', KEYS[3])
  from = '-'
end
if from ~= '' then
  local page = redis.call('XRANGE', KEYS[1], from == '-' and '-' or '(' .. from, '+', 'COUNT', 20)
  for _, letter in ipairs(page) do
    redis.call('ZADD', KEYS[3], 0, member(map(letter[2]).group or '', letter[1]))
  end
  if #page > 0 then
    -- Another service that trimmed meanwhile would begin anew.
    redis.call('SET', KEYS[4], '1', 'PX', 250)
    return { page[#page][1], 1 }
  end
  for _, id in ipairs(redis.call('HKEYS', KEYS[2])) do
    local letter = is_id(id) and redis.call('XRANGE', KEYS[1], id, id)[1]
    if not letter or letter[1] ~= id then redis.call('HDEL', KEYS[2], id) end
  end
end

local left, removed = tonumber(ARGV[3]), {}
local limit = string.rep('0', 20) .. string.rep('0', 20)
if now > tonumber(ARGV[1]) then limit = padded(string.format('%.0f-0', now - ARGV[1])) end
local function remove(group, state, to, most)
  local prefix = group .. '\n' .. state
  local list = redis.call('ZRANGEBYLEX', KEYS[3], '[' .. prefix, '(' .. prefix .. to, 'LIMIT', 0, math.min(most, left))
  for _, text in ipairs(list) do
    local id = id_of(text)
    if is_id(id) then
      redis.call('XDEL', KEYS[1], id)
      redis.call('HDEL', KEYS[2], id)
    end
    redis.call('ZREM', KEYS[3], text)
  end
  left = left - #list
  return #list
end
local function count(group, state)
  local prefix = group .. '\n' .. state
  return redis.call('ZLEXCOUNT', KEYS[3], '[' .. prefix, '(' .. prefix .. ':')
end

local settled = 0
from = '-'
while left > 0 do
  local head = redis.call('ZRANGEBYLEX', KEYS[3], from, '+', 'LIMIT', 0, 1)[1]
  if not head then break end
  local group = string.match(head, '^(.*)\n[os]%d+$')
  if not group or #head ~= #group + 42 or not is_id(id_of(head)) then
    redis.call('ZREM', KEYS[3], head)
    left = left - 1
  else
    remove(group, 's', limit, left)
    local open = remove(group, 'o', limit, left)
    local over = count(group, 'o') + count(group, 's') - tonumber(ARGV[2])
    if over > 0 then over = over - remove(group, 's', ':', over) end
    if over > 0 then open = open + remove(group, 'o', ':', over) end
    if open > 0 then
      removed[#removed + 1] = group
      removed[#removed + 1] = open
    end
    settled = settled + count(group, 's')
    from = '(' .. group .. '\nt'
  end
end
if left > 0 and settled ~= redis.call('HLEN', KEYS[2]) then
  redis.call('DEL', KEYS[3])
  return { '-', 1, unpack(removed) }
end
return { '', left > 0 and 0 or 1, unpack(removed) }
`;
