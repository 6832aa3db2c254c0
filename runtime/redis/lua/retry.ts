import type { Delivery } from "../../broker/delivery.js";
import {
  ABRIDGED,
  BURIED,
  buriedIn,
  CLOCK,
  DUE,
  DUE_AT_ONCE,
  failuresIn,
  ID_ORDER,
  LENGTH,
  MINE,
  PENDING_OF,
  recordIn,
  restoring,
  THEIRS,
  WHOLE,
} from "./fragment.js";
import { knownVersionIn } from "./handled-types.js";
import { LOOK_AGAIN, pausesIn } from "./pauses.js";
import { UNHEARD_CALLS } from "./retry-call.js";
import { type Script, script } from "./script.js";

/**
 * Records that an attempt of an entry failed, and parks the entry until its retry is due. It stays in the group's pending
 * list, owned by `parked`: Redis counts its attempts, other groups do not see it, and trimming keeps it. Or its consumer
 * keeps it, and will try it again itself.
 *
 * An entry that is not pending at all, although nobody can have taken it over, was dropped when an operator deleted its
 * consumer: it becomes pending again.
 * KEYS: 1 stream · 2 retry set · 3 errors (hash)
 * ARGV: 1 group · 2 consumer · 3 entry id · 4 delay in ms, empty to keep it · 5 the error, as JSON, empty where the attempt
 *       does not count · 6 how many attempts count: not those in processes that died, because this one did not · 7 `kept` when nobody can have taken it over,
 *       else empty
 * Result: 1 when it is done; 0 when it belongs to another consumer, or an operator has buried it; -1 when it is deleted from the stream
 */
export const park: Script<number> = script(
  "park",
)`${CLOCK}${DUE}${MINE}${THEIRS}${ID_ORDER}${recordIn(3)}${failuresIn(3)}${restoring("parked", 2)}${buriedIn(3)}
local owner = ARGV[4] == '' and ARGV[2] or 'parked'
if #mine == 0 then
  if theirs[1] and theirs[1][2] == owner then return 1 end
  if #theirs > 0 or ARGV[7] == '' or is_buried(ARGV[3]) then return 0 end
end
restore_parked()
local how = { 'FORCE', 'RETRYCOUNT', ARGV[6], 'JUSTID' }
local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], owner, 0, ARGV[3], unpack(how))
if #claimed == 0 then return -1 end
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[2], due_in(tonumber(ARGV[4])), ARGV[3]) end
if ARGV[5] ~= '' then record(ARGV[3], ARGV[5]) end
return 1
`;

/** The rest is told at the next look. */
const MOST_CALLS = 500;

/** For so long it is known that an operator has buried an entry: its handler may end only then. */
const BURIED_MS = 7 * 86_400_000;

/** While something is paused, a member records so often that it heeds it, and is forgotten so long after. */
const HEEDED_EVERY_MS = 900;
const FORGOTTEN_MS = 60_000;

/**
 * An entry: its id, its fields, how often it has now been delivered, and how often of that to processes that died; and its
 * size if it is abridged, else 0.
 */
export type Delivered = [id: string, fields: string[], attempt: number, deaths: number, size: number];

/**
 * Takes parked entries whose retry is due. The caller claims each, which counts a delivery. The errors of an entry that
 * is no longer pending, or deleted from the stream, are deleted too. While the group is paused nothing is taken, and nothing
 * of a type that is paused. The caller is recorded as one that heeds what is paused.
 * KEYS: 1 stream · 2 retry set · 3 errors (hash) · 4 handled types (hash) · 5 handover (sorted set) · 6 the entries of paused
 *       types (hash) · 7 what is paused (hash)
 * ARGV: 1 group · 2 consumer · 3 how many at most · 4 after how many bytes of their fields to stop · 5 beyond how many bytes
 *       an entry is abridged · 6 the moment of the last call that the caller has heard
 * Result: the released entries · in how many ms the next is due, or a pause ends, or -1 · how many entries are handed over,
 *         none while the group is paused · the version of the handled types, empty for one that is longer than any of ours ·
 *         names and values of what is paused · names and moments of what operators have called for since, the oldest first,
 *         see {@link callForRetries}
 */
export const release: Script<[Delivered[], number, number, string | null, string[], string[]]> = script("release", {
  takes: true,
})`${CLOCK}${WHOLE}${ID_ORDER}${failuresIn(3)}${restoring("parked", 2)}${LENGTH}${ABRIDGED}${DUE}${LOOK_AGAIN}${pausesIn(7)}${UNHEARD_CALLS}${knownVersionIn(4)}
if #in_force > 0 then
  local heeded = whole(redis.call('HGET', KEYS[7], 'heeds:' .. ARGV[2]))
  for i = 1, heeded and 0 or #records, 2 do
    local seen = string.find(records[i], '^heeds:') and (whole(records[i + 1]) or 0)
    if seen and now - seen > ${String(FORGOTTEN_MS)} then redis.call('HDEL', KEYS[7], records[i]) end
  end
  if now - (heeded or 0) > ${String(HEEDED_EVERY_MS)} then redis.call('HSET', KEYS[7], 'heeds:' .. ARGV[2], now) end
end
restore_parked()
local released, left = {}, tonumber(ARGV[4])
local function release(id)
  local parked = is_id(id) and redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, 'parked') or {}
  if #parked == 1 then
    local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id)
    if claimed[1] then
      local attempt = parked[1][4] + 1
      local fields, bytes, size = abridged(claimed[1][2], ARGV[5])
      released[#released + 1] = { id, fields, attempt, deaths(id, attempt), size }
      left = left - bytes
    else
      redis.call('HDEL', KEYS[3], id)
    end
  elseif not is_id(id) or #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1) == 0 then
    redis.call('HDEL', KEYS[3], id)
  end
  redis.call('ZREM', KEYS[2], id)
end
local due = is_paused and {} or redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[3])
local are_held = #due > 0 and redis.call('HLEN', KEYS[6]) > 0
for _, id in ipairs(due) do
  if left <= 0 then break end
  local till = are_held and paused_till[redis.call('HGET', KEYS[6], id) or '']
  if till then
    redis.call('ZADD', KEYS[2], look_again(till), id)
  else
    release(id)
    if are_held then redis.call('HDEL', KEYS[6], id) end
  end
end
local waits = math.huge
local next = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if not is_paused and next[2] then waits = math.max(0, math.ceil(next[2] - now)) end
for i = 2, #in_force, 2 do
  local till = whole(string.match(in_force[i], '^%d+'))
  if till > 0 then waits = math.min(waits, till - now) end
end
local handed_over = is_paused and 0 or redis.call('ZCARD', KEYS[5])
local unheard, calls = unheard_calls(tonumber(ARGV[6])), {}
for i = 1, math.min(#unheard, ${String(MOST_CALLS)}) do
  calls[2 * i - 1], calls[2 * i] = unheard[i].name, string.format('%.0f', unheard[i].at)
end
return { released, waits == math.huge and -1 or waits, handed_over, known_version(), in_force, calls }
`;

/**
 * Finds parked entries whose due time is lost (the retry set was deleted) and makes them due at once. Corrects due times
 * that are not possible, because Redis' clock went back. What waits for a type that is no longer paused is due at once, too:
 * whoever resumed it may have died before it said so.
 * KEYS: 1 stream · 2 retry set · 3 the entries of paused types (hash) · 4 what is paused (hash)
 * ARGV: 1 group · 2 the id after which to look, `-` for the first · 3 how many to look at
 * Result: the id after which to go on, or nil at the end
 */
export const sweep: Script<string | null> = script(
  "sweep",
)`${CLOCK}${WHOLE}${DUE}${ID_ORDER}${DUE_AT_ONCE}${pausesIn(4)}
local are_held = redis.call('HLEN', KEYS[3]) > 0
local from = ARGV[2] == '-' and '-' or '(' .. ARGV[2]
local parked = redis.call('XPENDING', KEYS[1], ARGV[1], from, '+', ARGV[3], 'parked')
for _, entry in ipairs(parked) do
  local due = tonumber(redis.call('ZSCORE', KEYS[2], entry[1]))
  local right = due and possible(due) or due_at_once(entry[1])
  local type = are_held and redis.call('HGET', KEYS[3], entry[1])
  if type and not paused_till[type] then
    right = due_at_once(entry[1])
    redis.call('HDEL', KEYS[3], entry[1])
  end
  if due ~= right then redis.call('ZADD', KEYS[2], right, entry[1]) end
end
if #parked < tonumber(ARGV[3]) then
  -- What is left there was taken by a member of an older version, or acknowledged by hand.
  if not next(paused_till) then redis.call('DEL', KEYS[3]) end
  return nil
end
return parked[#parked][1]
`;

/**
 * Repairs the set of entries that are handed over when it does not match those that wait under `handover`: it was
 * deleted, or others settled some of them. The entries become parked and due at once, so that they are handed over anew.
 *
 * KEYS: 1 stream · 2 retry set · 3 handover (sorted set) · 4 errors (hash)
 * ARGV: 1 group · 2 how many to look at
 * Result: how many were moved
 */
export const sweepHandover: Script<number> = script(
  "sweep_handover",
)`${ID_ORDER}${DUE_AT_ONCE}${failuresIn(4)}${restoring("parked", 2)}${restoring("handover", 3)}${PENDING_OF}
restore_parked()
restore_handover()
if redis.call('ZCARD', KEYS[3]) == pending_of('handover') then return 0 end
redis.call('DEL', KEYS[3])
local page = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[2], 'handover')
for _, entry in ipairs(page) do
  redis.call('ZADD', KEYS[2], 'NX', due_at_once(entry[1]), entry[1])
  redis.call('XCLAIM', KEYS[1], ARGV[1], 'parked', 0, entry[1], 'JUSTID')
end
return #page
`;

/**
 * Deletes the errors of entries that are neither pending nor wait for a retry: their group was set back, or others
 * acknowledged them. It looks only if there are more errors than parked entries.
 * KEYS: 1 stream · 2 retry set · 3 errors (hash) · 4 handover (sorted set)
 * ARGV: 1 group · 2 where to go on in the errors, `0` at first · 3 about how many to look at
 * Result: where to go on, or nil at the end
 */
export const sweepErrors: Script<string | null> = script(
  "sweep_errors",
)`${CLOCK}${WHOLE}${ID_ORDER}${failuresIn(3)}${restoring("parked", 2)}${restoring("handover", 4)}${PENDING_OF}
restore_parked()
restore_handover()
if redis.call('HLEN', KEYS[3]) <= pending_of('parked') then return nil end
local page = redis.call('HSCAN', KEYS[3], ARGV[2], 'COUNT', ARGV[3])
for i = 1, #page[2], 2 do
  local id = page[2][i]
  local buried_at = string.find(id, '^${BURIED}') and whole(page[2][i + 1])
  local is_known = buried_at and now - buried_at < ${String(BURIED_MS)} or redis.call('ZSCORE', KEYS[2], id)
    or is_id(id) and #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1) == 1
  if not is_known then redis.call('HDEL', KEYS[3], id) end
end
return page[1] ~= '0' and page[1] or nil
`;

export function deliveryOf([id, fields, attempt, deaths, size]: Delivered): Delivery {
  return size === 0 ? { id, fields, attempt, deaths } : { id, fields, attempt, deaths, oversizedBytes: size };
}
