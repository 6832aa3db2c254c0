import { CLOCK, ID_ORDER, MAP } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Removes entries beyond the maximum age or length, but none that a group has not acknowledged. Records each group's
 * position, below which nothing is unacknowledged: a destroyed group can be created again there.
 *
 * Nothing is counted by walking the stream. Now and then a run marks how many entries had ever been added, and the id
 * of the last. The newest mark below a group's position bounds how many entries it may still need. When none needs more
 * than the maximum length, the stream is cut to that; otherwise after the newest mark that so many entries follow.
 * KEYS: 1 stream · 2 lock · 3 marks (sorted set) · 4 how many entries were gone after the last trim (hash) ·
 *       5 the groups that are served (sorted set)
 * ARGV: 1 the prefix of the keys of positions · 2 maximum age in ms · 3 maximum length · 4 the lock in ms ·
 *       5 `expire-group` to destroy groups that nobody has served for as long as (2)
 * Result: a report as JSON, or nil when another service has just trimmed or there is no stream
 */
export const trim: Script<string | null> = script("trim")`${MAP}${ID_ORDER}${CLOCK}
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[4]) then return nil end
if redis.call('EXISTS', KEYS[1]) == 0 then return nil end
local MOST = '18446744073709551615'
local function plus_one(number)
  local head, nines = string.match(number, '^(%d-)(9*)$')
  local digit = head == '' and '1' or string.format('%d', string.sub(head, -1) + 1)
  return string.sub(head, 1, -2) .. digit .. string.rep('0', #nines)
end
local function minus_one(number)
  local head, zeros = string.match(number, '^(%d-)(0*)$')
  local digit = string.format('%d', string.sub(head, -1) - 1)
  return string.match(string.sub(head, 1, -2) .. digit .. string.rep('9', #zeros), '^0*(%d+)$')
end
local function next_id(id)
  local ms, seq = parts(id)
  return seq == MOST and plus_one(ms) .. '-0' or ms .. '-' .. plus_one(seq)
end
local function previous_id(id)
  local ms, seq = parts(id)
  if seq ~= '0' then return ms .. '-' .. minus_one(seq) end
  return ms == '0' and '0-0' or minus_one(ms) .. '-' .. MOST
end

local stream = map(redis.call('XINFO', 'STREAM', KEYS[1]))
local first = stream['first-entry'] and stream['first-entry'][1]
local added = stream['entries-added']
local report = { unserved = {}, expired = {}, missed = {} }
-- Entries below this id are too old, or beyond the maximum length.
local limit = string.format('%.0f-0', math.max(0, now - ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[3], '(' .. added, '+inf')
local most = tonumber(ARGV[3])
local newest = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')
if not newest[2] or added - newest[2] >= most / 100 then
  redis.call('ZADD', KEYS[3], added, stream['last-generated-id'])
end
local marks = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
local function needed_above(position)
  if not before(position, stream['last-generated-id']) then return 0 end
  for i = #marks - 1, 1, -2 do
    if not before(position, marks[i]) then return added - marks[i + 1] end
  end
  return math.huge
end
local mark = redis.call('ZREVRANGEBYSCORE', KEYS[3], added - most, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
if mark[1] then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. mark[2])
  local enough = next_id(mark[1])
  if before(limit, enough) then limit = enough end
end

-- Entries that are gone since the last trim were removed by others.
local gone = added - stream.length
local foreign = gone - tonumber(redis.call('HGET', KEYS[4], 'gone') or gone)

local floor, needed, present = nil, 0, {}
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = map(info)
  present[group.name] = true
  local key = ARGV[1] .. group.name
  local oldest = redis.call('XPENDING', KEYS[1], group.name, '-', '+', 1)
  local position = oldest[1] and previous_id(oldest[1][1]) or group['last-delivered-id']
  redis.call('HSET', key, 'position', position)
  local served = tonumber(redis.call('HGET', key, 'served') or 0)
  for _, member in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group.name)) do
    served = math.max(served, now - map(member).idle)
  end
  if served == 0 then
    redis.call('HSET', key, 'served', now)
    served = now
  end
  if foreign > 0 and (not first or before(next_id(position), first)) then
    local unread = group['entries-read'] and added - group['entries-read'] - stream.length or foreign
    local missed = math.min(foreign, math.max(unread, 0))
    if missed > 0 then table.insert(report.missed, { group = group.name, count = missed }) end
  end
  local holds = before(position, limit) and first and before(first, limit)
  local silent = now - served
  if holds and silent > tonumber(ARGV[2]) then
    table.insert(report.unserved, { group = group.name, silentMs = silent })
    if ARGV[5] == 'expire-group' then
      redis.call('XGROUP', 'DESTROY', KEYS[1], group.name)
      redis.call('DEL', key)
      redis.call('ZREM', KEYS[5], group.name)
      table.insert(report.expired, group.name)
      position = nil
    end
  end
  if position then
    local lag = not oldest[1] and group.lag or nil
    needed = math.max(needed, lag or needed_above(position))
    if not floor or before(position, floor) then floor = position end
  end
end

-- A group that others destroyed is created again at its position by its consumers, when they next read. Until then, as
-- long as they are busy, their heartbeats tell that it is served.
for _, group in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1)) do
  local key = ARGV[1] .. group
  local served = tonumber(redis.call('HGET', key, 'served') or 0)
  local position = not present[group] and redis.call('HGET', key, 'position')
  if math.max(served, redis.call('ZSCORE', KEYS[5], group)) < now - 300000 then
    redis.call('ZREM', KEYS[5], group)
  elseif position then
    needed = math.huge
    if not floor or before(position, floor) then floor = position end
  end
end

-- The entry at a position is acknowledged, those above it may not be.
if floor and before(next_id(floor), limit) then limit = next_id(floor) end
report.removed = redis.call('XTRIM', KEYS[1], 'MINID', limit)
if needed <= most then report.removed = report.removed + redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[3]) end
report.length = redis.call('XLEN', KEYS[1])
redis.call('HSET', KEYS[4], 'gone', added - report.length)
for _, list in ipairs({ 'unserved', 'expired', 'missed' }) do
  if #report[list] == 0 then report[list] = nil end
end
return cjson.encode(report)
`;
