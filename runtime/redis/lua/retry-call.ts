import { CLOCK, failuresIn, TYPE_OF, WHOLE } from "./fragment.js";
import { pausesIn } from "./pauses.js";
import { type Script, script } from "./script.js";

/** Members ask once a second. */
export const KEPT_MS = 60_000;

/**
 * Defines `keep_calls()`, after {@link CLOCK}: a hash of what is paused that holds only calls for retries expires when all members
 * have heard them.
 */
export function keepingCalls(n: number): string {
  return `
local function keep_calls()
  redis.call('PEXPIREAT', KEYS[${n}], now + ${KEPT_MS})
end`;
}

/** Others may have written longer calls. */
const LONGEST_CALL = 1000;

/**
 * Defines `unheard_calls(heard)`, after `pausesIn`: the calls of the last minute whose moments are greater than one, the oldest
 * first. Where the clock went back by more than a minute since, all of them are.
 */
export const UNHEARD_CALLS: string = `
local function unheard_calls(heard)
  if heard > now + ${KEPT_MS} then heard = 0 end
  local unheard = {}
  for i = 1, #records, 2 do
    local at = string.find(records[i], '^now:') and #records[i] <= ${LONGEST_CALL} and whole(records[i + 1])
    if at and at > heard and math.abs(now - at) < ${KEPT_MS} then unheard[#unheard + 1] = { name = records[i], at = at } end
  end
  table.sort(unheard, function(one, other) return one.at < other.at end)
  return unheard
end`;

/**
 * Counts entries that wait for their retry in the members that have them, because those keep an order: a page of what is pending,
 * or one entry. Such an entry was delivered no more often than it failed, which is never where only what every message needs was
 * away. What is of a paused type is not counted.
 * KEYS: 1 stream · 2 errors (hash) · 3 what is paused (hash)
 * ARGV: 1 group · 2 of which type, empty for all · 3 the id of one entry, or empty · 4 after which id to go on, 0 at first ·
 *       5 how many to look at
 * Result: after which id to go on, 0 at the end · how many wait
 */
export const countHeldRetries: Script<[after: string, count: number]> = script(
  "count_held_retries",
)`${CLOCK}${WHOLE}${failuresIn(2)}${TYPE_OF}${pausesIn(3)}
local first, last, most = ARGV[3], ARGV[3], 1
if ARGV[3] == '' then first, last, most = ARGV[4] == '0' and '-' or '(' .. ARGV[4], '+', tonumber(ARGV[5]) end
local function is_wanted(id)
  if ARGV[2] == '' and not next(paused_till) then return true end
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  local type = entry and type_of(entry[2])
  return entry ~= nil and not paused_till[type or ''] and (ARGV[2] == '' or type == ARGV[2])
end
local page, count = redis.pcall('XPENDING', KEYS[1], ARGV[1], first, last, most), 0
if page.err then return string.find(page.err, 'NOGROUP', 1, true) and { '0', 0 } or page end
for _, held in ipairs(page) do
  local waits = held[2] ~= 'parked' and held[2] ~= 'handover' and held[4] <= failures(held[1])
  if waits and is_wanted(held[1]) then count = count + 1 end
end
return { ARGV[3] == '' and #page == most and page[most][1] or '0', count }
`;

/**
 * Calls for retries at once. Each member hears it when it next asks what is due and what is paused. Its moment is greater than
 * that of any other call, so that a member tells by one moment what it has heard.
 * KEYS: 1 what is paused (hash)
 * ARGV: 1 the name of the call
 * Result: its moment
 */
export const callForRetries: Script<number> = script(
  "call_for_retries",
)`${CLOCK}${WHOLE}${keepingCalls(1)}${pausesIn(1)}
local before = 0
for i = 1, #records, 2 do
  local at = string.find(records[i], '^now:') and (whole(records[i + 1]) or 0)
  if at and math.abs(now - at) >= ${String(KEPT_MS)} then redis.call('HDEL', KEYS[1], records[i])
  elseif at then before = math.max(before, at) end
end
local at = math.max(now, before + 1)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', at))
-- The key expires with the last pause, if that ends.
local ends = 0
for i = 2, #in_force, 2 do
  local till = whole(string.match(in_force[i], '^%d+'))
  ends = till == 0 and math.huge or math.max(ends, till)
end
if ends < now + ${String(KEPT_MS)} then keep_calls() end
return at
`;
