import { buriedIn, CLOCK, DUE, DUE_AT_ONCE, failuresIn, ID_ORDER, restoring, TYPE_OF, WHOLE } from "./fragment.js";
import { LOOK_AGAIN, pausesIn } from "./pauses.js";
import { KEPT_MS, keepingCalls } from "./retry-call.js";
import { type Script, script } from "./script.js";

/**
 * Pauses a group, or one of its types. Its key expires with the last pause that is in force; until then each counts by its
 * own time.
 * KEYS: 1 what is paused (hash)
 * ARGV: 1 `group`, or `type:` and the type · 2 until when, in ms since 1970, or empty · 3 for how many ms, or empty; neither
 *       when it is to last until it is resumed · 4 who, when and why, as JSON without the moment · 5 the longest time in ms
 * Result: since when, and until when, 0 when that is open; or nil when that moment has passed or is too far away
 */
export const pause: Script<[at: number, until: number] | null> = script("pause")`${CLOCK}${WHOLE}
local till = ARGV[2] ~= '' and whole(ARGV[2]) or ARGV[3] ~= '' and now + ARGV[3] or 0
if ARGV[2] .. ARGV[3] ~= '' and (till <= now or till > now + ARGV[5]) then return nil end
local text = string.format('%.0f %.0f %s', till, now, ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], text)
local ends = till
local records = redis.call('HGETALL', KEYS[1])
for i = 1, #records, 2 do
  local other = whole(string.match(records[i + 1], '^%d+'))
  if other and string.find(records[i], '^now:') then other = now + ${String(KEPT_MS)} end
  if other and not string.find(records[i], '^heeds:') and ends > 0 then
    ends = other == 0 and 0 or math.max(ends, other)
  end
end
if ends == 0 then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIREAT', KEYS[1], ends)
end
return { now, till }
`;

/**
 * Resumes a type, or the group and all of its types. What waits for it is made due by {@link recall}, or by the next sweep of
 * a member. Calls for retries stay until they are heard.
 * KEYS: 1 what is paused (hash)
 * ARGV: 1 `type:` and the type, or empty for all
 * Result: names and values of what was paused until now
 */
export const resume: Script<string[]> = script("resume")`${CLOCK}${WHOLE}${keepingCalls(1)}${pausesIn(1)}
local function forget()
  local calls = false
  for i = 1, #records, 2 do
    if string.find(records[i], '^now:') then calls = true else redis.call('HDEL', KEYS[1], records[i]) end
  end
  if calls then keep_calls() end
end
if ARGV[1] == '' then
  forget()
  return in_force
end
local resumed, others = {}, 0
for i = 1, #in_force, 2 do
  if in_force[i] == ARGV[1] then resumed = { in_force[i], in_force[i + 1] } else others = others + 1 end
end
redis.call('HDEL', KEYS[1], ARGV[1])
if others == 0 then forget() end
return resumed
`;

/**
 * Makes entries due whose type is no longer paused. To repeat it does no harm: an entry that a member has taken meanwhile is
 * not in the retry set any more.
 * KEYS: 1 retry set · 2 the entries of paused types (hash) · 3 what is paused (hash)
 * ARGV: 1 where to go on in the hash, 0 at first · 2 about how many to look at
 * Result: where to go on, 0 at the end · how many were made due
 */
export const recall: Script<[cursor: string, count: number]> = script(
  "recall",
)`${CLOCK}${WHOLE}${ID_ORDER}${DUE_AT_ONCE}${pausesIn(3)}
local page = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', ARGV[2])
local count = 0
for i = 1, #page[2], 2 do
  local id = page[2][i]
  if not paused_till[page[2][i + 1]] then
    if is_id(id) and redis.call('ZSCORE', KEYS[1], id) then
      redis.call('ZADD', KEYS[1], 'XX', due_at_once(id), id)
      count = count + 1
    end
    redis.call('HDEL', KEYS[2], id)
  end
end
return { page[1], count }
`;

/**
 * Parks entries whose type is paused. Their delivery to the caller does not count. A type that was resumed meanwhile is due at
 * once. An entry that is not pending at all, although nobody can have taken it over, was dropped when an operator deleted its
 * consumer: it becomes pending again.
 * KEYS: 1 stream · 2 retry set · 3 errors (hash) · 4 the entries of paused types (hash) · 5 what is paused (hash)
 * ARGV: 1 group · 2 consumer · then of each entry: its id · its type · `kept` when nobody can have taken it over, else empty
 * Result: how many were parked
 */
export const setAside: Script<number> = script(
  "set_aside",
)`${CLOCK}${WHOLE}${DUE}${ID_ORDER}${DUE_AT_ONCE}${failuresIn(3)}${restoring("parked", 2)}${LOOK_AGAIN}${pausesIn(5)}${buriedIn(3)}
restore_parked()
local parked = 0
for i = 3, #ARGV, 3 do
  local id, till = ARGV[i], paused_till[ARGV[i + 1]]
  local theirs = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if theirs and theirs[2] == ARGV[2] or not theirs and ARGV[i + 2] ~= '' and not is_buried(id) then
    local count = theirs and math.max(0, theirs[4] - 1) or failures(id)
    local how = { 'FORCE', 'RETRYCOUNT', count, 'JUSTID' }
    if #redis.call('XCLAIM', KEYS[1], ARGV[1], 'parked', 0, id, unpack(how)) == 1 then
      redis.call('ZADD', KEYS[2], till and look_again(till) or due_at_once(id), id)
      if till then redis.call('HSET', KEYS[4], id, ARGV[i + 1]) end
      parked = parked + 1
    else
      redis.call('HDEL', KEYS[3], id)
    end
  end
end
return parked
`;

/**
 * Makes entries due at once that wait for their retry: a page of the retry set, or one of them. What waits for a type that is
 * paused goes on waiting. An entry that a member has taken meanwhile is not in the set any more.
 * KEYS: 1 stream · 2 retry set · 3 the entries of paused types (hash) · 4 what is paused (hash)
 * ARGV: 1 group · 2 of which type, empty for all · 3 the id of one entry, or empty · 4 where to go on in the set, 0 at first ·
 *       5 about how many to look at
 * Result: where to go on, 0 at the end · how many were made due
 */
export const retryNow: Script<[cursor: string, count: number]> = script(
  "retry_now",
)`${CLOCK}${WHOLE}${ID_ORDER}${DUE_AT_ONCE}${TYPE_OF}${pausesIn(4)}
local page = { '0', { ARGV[3], redis.call('ZSCORE', KEYS[2], ARGV[3]) } }
if ARGV[3] == '' then page = redis.call('ZSCAN', KEYS[2], ARGV[4], 'COUNT', ARGV[5]) end
local function is_wanted(id)
  if paused_till[redis.call('HGET', KEYS[3], id) or ''] then return false end
  if #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, 'parked') == 0 then return false end
  if ARGV[2] == '' then return true end
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  return entry ~= nil and type_of(entry[2]) == ARGV[2]
end
local count = 0
for i = 1, #page[2], 2 do
  local id, due = page[2][i], tonumber(page[2][i + 1])
  if due and due > now and is_id(id) and is_wanted(id) then
    redis.call('ZADD', KEYS[2], 'XX', due_at_once(id), id)
    count = count + 1
  end
end
return { page[1], count }
`;
