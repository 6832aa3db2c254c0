import { buriedIn, CLOCK, DUE_AT_ONCE, failuresIn, ID_ORDER, MAP, recordIn, restoring, WHOLE } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Creates a consumer group that is missing. A group that existed before begins at its recorded position, below which
 * nothing is unacknowledged, or at 0 when the stream is younger than that (it was deleted, or Redis came back empty).
 * Refused where the rights are missing without which its consumers can do nothing: they would seem to be healthy.
 * It never begins at `$`, which would skip the entries that were added meanwhile. Nothing is pending in a new group, so
 * what was recorded of pending entries goes, and with the stream what was known of it.
 *
 * A group that stands past the greatest id that its stream ever had, because that was set back, would not be given what is
 * added next: it is set back, too, in the same way.
 * KEYS: 1 stream · 2 the group's position (hash) · 3 the groups that are served (sorted set) · 4 retry set · 5 errors ·
 *       6 handover · 7 marks · 8 what is known of the stream · 9 the entries of paused types (hash)
 * ARGV: 1 group · 2 where a new group begins (`0`, `$` or an id, but never beyond the last entry) · 3 for how many ms after
 *       its loss a known one stays away
 * Result: the id from which it was created, or to which it was set back; nil when it was there; or in how many ms to try again
 */
export const ensureGroup: Script<string | number | null> = script("ensure_group")`${MAP}${ID_ORDER}${WHOLE}${CLOCK}
for _, step in ipairs({
  { 'XREADGROUP', 'GROUP', ARGV[1], '-', 'STREAMS', KEYS[1], '>' },
  { 'XCLAIM', KEYS[1], ARGV[1], '-', 0, '0-1' },
  { 'XACK', KEYS[1], ARGV[1], '0-1' },
}) do
  if not redis.acl_check_cmd(unpack(step)) then return { err = 'NOPERM no right to ' .. step[1] .. ' ' .. KEYS[1] } end
end
redis.call('HSET', KEYS[2], 'served', now)
redis.call('ZADD', KEYS[3], now, ARGV[1])

local last, added
if redis.call('EXISTS', KEYS[1]) == 1 then
  local stream = map(redis.call('XINFO', 'STREAM', KEYS[1]))
  last, added = stream['last-generated-id'], stream['entries-added']
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    group = map(group)
    if group.name == ARGV[1] then
      redis.call('HDEL', KEYS[2], 'missing')
      if not before(last, group['last-delivered-id']) then return nil end
      local position = redis.call('HGET', KEYS[2], 'position')
      if not is_id(position) or before(last, position) then position = '0-0' end
      redis.call('XGROUP', 'SETID', KEYS[1], ARGV[1], position)
      return position
    end
  end
end

local from = ARGV[2]
local position = redis.call('HGET', KEYS[2], 'position')
local is_same = is_id(position) and last and not before(last, position)
  and added >= (whole(redis.call('HGET', KEYS[2], 'added')) or 0)
if is_same then
  from = position
  local missing = math.min(whole(redis.call('HGET', KEYS[2], 'missing')) or now, now)
  local left = at_most(parts(last), missing) + ARGV[3] - now
  if left > 0 then
    redis.call('HSET', KEYS[2], 'missing', missing)
    return left
  end
elseif position then
  from = '0'
elseif from == '$' or from ~= '0' and not (last and before(from, last)) then
  from = last or '0'
end

redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], from, 'MKSTREAM')
redis.call('HDEL', KEYS[2], 'missing')
redis.call('HSET', KEYS[2], 'position', from, 'added', added or 0)
redis.call('DEL', KEYS[4])
redis.call('DEL', KEYS[5])
redis.call('DEL', KEYS[6])
redis.call('DEL', KEYS[9])
if not last or position and not is_same then
  redis.call('DEL', KEYS[7])
  redis.call('DEL', KEYS[8])
end
return from
`;

/**
 * Removes a consumer from its group. The entries that it holds are parked and due at once by any clock, in the order of
 * their ids, so that another consumer gets them without waiting for a lease; only then its name and its heartbeat are
 * deleted. Those that had begun in processes that died are no longer suspected: this one leaves in order.
 *
 * If it is the last that handles one of its types, and others stay, its types stay known and its heartbeat stands still:
 * a lease later it is taken for dead, as if it had been killed. Until then its messages wait for its successor. The last
 * member leaves nothing behind, also when the group is gone.
 * KEYS: 1 stream · 2 retry set · 3 heartbeats · 4 handled types (hash) · 5 errors (hash)
 * ARGV: 1 group · 2 consumer · 3 a new version of the handled types · 4 `kept` when nobody can have taken over its
 *       entries, else empty: those that are not pending any more were dropped when an operator deleted its name · 5 an
 *       error, as JSON · 6 of how many entries no handler has begun: their delivery does not count · 7 of how many the
 *       handler has not ended: the error is recorded for each · the ids of the former · of the latter · of each that
 *       waits here for its next attempt, the id and how many attempts count
 * Result: nil
 */
export const leave: Script<null> = script(
  "leave",
)`${MAP}${ID_ORDER}${DUE_AT_ONCE}${recordIn(5)}${failuresIn(5)}${restoring("parked", 2)}${buriedIn(5)}
local ids, unbegun, begun, attempts = {}, {}, {}, {}
local last_unbegun = 7 + ARGV[6]
local last_begun = last_unbegun + ARGV[7]
for i = 8, last_begun do
  ids[#ids + 1] = ARGV[i];
  (i <= last_unbegun and unbegun or begun)[ARGV[i]] = true
end
for i = last_begun + 1, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
  attempts[ARGV[i]] = tonumber(ARGV[i + 1])
end
local function give_back(id, count)
  if begun[id] then record(id, ARGV[5]) end
  local most = failures(id) + (begun[id] and 0 or 1)
  count = attempts[id] or unbegun[id] and math.max(0, count - 1) or math.min(count, most)
  local how = { 'FORCE', 'RETRYCOUNT', count, 'JUSTID' }
  local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], 'parked', 0, id, unpack(how))
  if #claimed == 1 then
    redis.call('ZADD', KEYS[2], due_at_once(id), id)
  else
    redis.call('HDEL', KEYS[5], id)
  end
end
local is_there = true
while true do
  local held = redis.pcall('XPENDING', KEYS[1], ARGV[1], '-', '+', 500, ARGV[2])
  if held.err then
    if not string.find(held.err, 'NOGROUP', 1, true) then return held end
    is_there = false
  end
  if #held == 0 then break end
  restore_parked()
  for _, entry in ipairs(held) do give_back(entry[1], entry[4]) end
end
if is_there then
  restore_parked()
  for _, id in ipairs(ARGV[4] ~= '' and ids or {}) do
    local is_pending = #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1) == 1
    if not is_pending and not is_buried(id) then give_back(id, failures(id) + 1) end
  end
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end

local records = map(redis.call('HGETALL', KEYS[4]))
local own = records[ARGV[2]]
records.version = nil
records[ARGV[2]] = nil
local others, gone = '', {}
for name, record in pairs(records) do
  local mark = string.sub(record, 1, 1)
  if mark == 'l' then gone[#gone + 1] = name end
  if mark == '\n' then others = others .. record end
end
if others ~= '' and own then
  for type in string.gmatch(own, '[^\n]+') do
    if not string.find(others, '\n' .. type .. '\n', 1, true) then
      redis.call('HSET', KEYS[4], ARGV[2], 'left' .. own)
      return nil
    end
  end
end
if others ~= '' then
  redis.call('HSET', KEYS[4], 'version', ARGV[3])
  redis.call('HDEL', KEYS[4], ARGV[2])
else
  redis.call('DEL', KEYS[4])
  if #gone > 0 then redis.call('ZREM', KEYS[3], unpack(gone)) end
end
redis.call('ZREM', KEYS[3], ARGV[2])
`;
