import { CLOCK, FORGET, ID_ORDER, MAP, WHOLE } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Removes entries beyond the maximum age or length, but none that a group has not acknowledged. Records each group's
 * position, below which nothing is unacknowledged: a destroyed group can be created again there.
 *
 * Nothing is counted by walking the stream. Now and then a run marks how many entries had ever been added, and the id
 * of the last. The newest mark below a group's position bounds how many entries it may still need. When none needs more
 * than the maximum length, the stream is cut to that; otherwise after the newest mark that so many entries follow.
 *
 * All this speaks of one stream. When another one has its name (it was deleted or renamed), fewer entries were added to it
 * or are gone than were known, or its last id is lower: then what was known is forgotten. A mark counts only if the stream
 * proves it: its entry is there, or as many entries are gone. A group that is away for longer than the maximum age leaves nothing behind.
 *
 * Where dead letters refer to entries of the stream, it removes nothing itself, but tells the limit below which {@link trimAround}
 * is to remove entries, and how many to remove at least.
 *
 * Redis' clock may jump: a lock of more than a second is none, and after a pause no group is destroyed
 * until every consumer has made itself known again.
 * KEYS: 1 stream · 2 lock · 3 marks (sorted set) · 4 what the last trim knew (hash): how many entries were `gone` and
 *       `added`, the `last` id, with which the stream `began`; when it ran (`at`), and `paused` before ·
 *       5 the groups that are served (sorted set) · 6 references to entries that are too large (sorted set)
 * ARGV: 1 the prefix of the keys of groups · 2 what stands between their kind and the group · 3 maximum age in ms ·
 *       4 maximum length · 5 the lock in ms · 6 the pause after which, and for which, no group is destroyed, in ms ·
 *       7 `expire-group` to destroy groups that nobody has served for as long as (3)
 * Result: a report as JSON, or nil when another service has just trimmed or there is no stream
 */
export const trim: Script<string | null> = script("trim")`${MAP}${ID_ORDER}${WHOLE}${CLOCK}${FORGET}
local locked = redis.call('PTTL', KEYS[2])
if locked > 0 and locked <= 1000 then return nil end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[5])

local known = map(redis.call('HGETALL', KEYS[4]))
for name, text in pairs(known) do
  if name == 'last' or name == 'began' then known[name] = is_id(text) and text or nil else known[name] = whole(text) end
end
if not (known.last and known.added and known.gone) then known.last, known.added, known.gone = nil, nil, nil end
local at = known.at or now
local paused = (now < at or now - at > tonumber(ARGV[6])) and now or known.paused or 0
local is_settled = now - paused > tonumber(ARGV[6])

-- A group that others destroyed is created again at its position by its consumers, when they next read. Until then, as
-- long as they are busy, their heartbeats tell that it is served.
local present = {}
-- A position past the end of the stream is one of another stream, so nothing of this one is acknowledged.
local function position_of(group, last)
  local position = redis.call('HGET', ARGV[1] .. 'floor:' .. group, 'position')
  if not position or is_id(position) and not before(last, position) then return position end
  return '0-0'
end
local function absent_positions(last)
  local positions = {}
  local groups = redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES')
  for i = 1, #groups, 2 do
    local group, joined = groups[i], tonumber(groups[i + 1])
    if joined > now then redis.call('ZADD', KEYS[5], now, group) end
    local served = whole(redis.call('HGET', ARGV[1] .. 'floor:' .. group, 'served')) or 0
    local silent = now - math.min(now, math.max(joined, served))
    if present[group] then
      -- It limits trimming by itself.
    elseif silent <= 300000 then
      positions[#positions + 1] = position_of(group, last) or nil
    elseif silent > tonumber(ARGV[3]) and is_settled then
      forget(ARGV[1], ARGV[2], group)
      redis.call('ZREM', KEYS[5], group)
    end
  end
  return positions
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[3])
  redis.call('DEL', KEYS[4])
  redis.call('DEL', KEYS[6])
  if not is_settled then redis.call('HSET', KEYS[4], 'at', now, 'paused', paused) end
  absent_positions('0-0')
  return nil
end

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
local last = stream['last-generated-id']
local gone = added - stream.length
local references = redis.call('ZCARD', KEYS[6])
local report = { unserved = {}, expired = {}, missed = {} }

local is_other = known.last and (added < known.added or gone < known.gone
  or before(last, known.last) or first and before(known.last, first) and gone < known.added)
if is_other then
  known = {}
  redis.call('DEL', KEYS[3])
  redis.call('DEL', KEYS[4])
end
-- The first id of this stream, unless entries were gone before anybody knew it.
local began = known.began or (gone == 0 or is_other) and first or nil

-- Entries below this id are too old, or beyond the maximum length.
local limit = string.format('%.0f-0', math.max(0, now - ARGV[3]))
local most = tonumber(ARGV[4])
-- Text that Lua makes of a greater number is inexact: then nothing is counted.
local is_counted = added < 1e14
local marks = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
for i = 1, #marks, 2 do
  if not (is_counted and is_id(marks[i]) and whole(marks[i + 1])) then
    redis.call('DEL', KEYS[3])
    break
  end
end
if is_counted then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '(' .. added, '+inf')
  local newest = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')
  if not newest[2] or added - newest[2] >= most / 100 then redis.call('ZADD', KEYS[3], added, last) end
end
marks = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
local function is_proven(mark, count)
  if not first or before(mark, first) then return tonumber(count) <= gone end
  return #redis.call('XRANGE', KEYS[1], mark, mark) == 1
end
-- Redis' own count may be wrong, so it stands only if it fits the marks.
local function needed_above(position, lag)
  if not before(position, last) then return 0 end
  if not is_counted then return math.huge end
  local least = 1
  for i = #marks - 1, 1, -2 do
    if before(position, marks[i]) then
      least = math.max(least, added - marks[i + 1])
    elseif is_proven(marks[i], marks[i + 1]) then
      return lag and lag >= least and lag or added - marks[i + 1]
    end
  end
  return lag and lag >= least and lag or math.huge
end
local mark = redis.call('ZREVRANGEBYSCORE', KEYS[3], added - most, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
if mark[1] then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. mark[2])
  local enough = next_id(mark[1])
  if before(limit, enough) then limit = enough end
end

-- Entries that are gone since the last trim were removed by others.
local foreign = gone - (known.gone or gone)

local floor, needed = nil, 0
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = map(info)
  present[group.name] = true
  local oldest = redis.call('XPENDING', KEYS[1], group.name, '-', '+', 1)
  local position = oldest[1] and previous_id(oldest[1][1]) or group['last-delivered-id']
  if before(last, group['last-delivered-id']) then
    -- The stream was set back: this group has not been given what was added since, until it is set back as well.
    position = position_of(group.name, last) or '0-0'
  end
  redis.call('HSET', ARGV[1] .. 'floor:' .. group.name, 'position', position, 'added', added)
  local served = math.min(now, whole(redis.call('HGET', ARGV[1] .. 'floor:' .. group.name, 'served')) or 0)
  for _, member in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group.name)) do
    served = math.max(served, now - map(member).idle)
  end
  if served == 0 then
    redis.call('HSET', ARGV[1] .. 'floor:' .. group.name, 'served', now)
    served = now
  end
  if foreign > 0 and (not first or before(next_id(position), first)) then
    local unread = group['entries-read'] and added - group['entries-read'] - stream.length or foreign
    local missed = math.min(foreign, math.max(unread, 0))
    if missed > 0 then table.insert(report.missed, { group = group.name, count = missed }) end
  end
  local holds = before(position, limit) and first and before(first, limit)
  local silent = now - served
  local is_unserved = holds and silent > tonumber(ARGV[3]) and is_settled
  -- The first entry may be one that a dead letter refers to.
  if is_unserved and references > 0 then
    is_unserved = #redis.call('XRANGE', KEYS[1], '(' .. position, '(' .. limit, 'COUNT', 1) == 1
  end
  if is_unserved then
    table.insert(report.unserved, { group = group.name, silentMs = silent })
    if ARGV[7] == 'expire-group' then
      redis.call('XGROUP', 'DESTROY', KEYS[1], group.name)
      forget(ARGV[1], ARGV[2], group.name)
      redis.call('ZREM', KEYS[5], group.name)
      table.insert(report.expired, group.name)
      position = nil
    end
  end
  if position then
    redis.call('ZADD', KEYS[5], 'NX', served, group.name)
    needed = math.max(needed, needed_above(position, not oldest[1] and group.lag or nil))
    if not floor or before(position, floor) then floor = position end
  end
end

for _, position in ipairs(absent_positions(last)) do
  needed = math.huge
  if not floor or before(position, floor) then floor = position end
end

-- The entry at a position is acknowledged, those above it may not be.
if floor and before(next_id(floor), limit) then limit = next_id(floor) end
report.removed = 0
if references > 0 then
  report.limit = limit
  report.excess = needed <= most and math.max(0, stream.length - references - 1 - most) or 0
else
  report.removed = redis.call('XTRIM', KEYS[1], 'MINID', limit)
  if needed <= most then report.removed = report.removed + redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[4]) end
end
report.length = redis.call('XLEN', KEYS[1])
redis.call('HSET', KEYS[4], 'gone', added - report.length, 'added', added, 'last', last, 'at', now, 'paused', paused)
if began then redis.call('HSET', KEYS[4], 'began', began) end
for _, list in ipairs({ 'unserved', 'expired', 'missed' }) do
  if #report[list] == 0 then report[list] = nil end
end
return cjson.encode(report)
`;
