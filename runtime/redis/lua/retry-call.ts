import { CLOCK, failuresIn, ID_ORDER, TYPE_OF, WHOLE } from "./fragment.js";
import { pausesIn } from "./pauses.js";
import { type Script, script } from "./script.js";

/** Members ask once a second. */
const KEPT_MS = 60_000;

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

/**
 * Counts entries that wait for their retry in the members that have them, because those keep an order: a page of the errors, or
 * one of them. Such an entry was delivered no more often than it failed. What is of a paused type is not counted.
 * KEYS: 1 stream · 2 errors (hash) · 3 what is paused (hash)
 * ARGV: 1 group · 2 of which type, empty for all · 3 the id of one entry, or empty · 4 where to go on in the errors, 0 at first ·
 *       5 about how many to look at
 * Result: where to go on, 0 at the end · how many wait
 */
export const countHeldRetries: Script<[cursor: string, count: number]> = script(
  "count_held_retries",
)`${CLOCK}${WHOLE}${ID_ORDER}${failuresIn(2)}${TYPE_OF}${pausesIn(3)}
local page = { '0', { ARGV[3] } }
if ARGV[3] == '' then page = redis.call('HSCAN', KEYS[2], ARGV[4], 'COUNT', ARGV[5]) end
local function is_wanted(id)
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if not held or held[2] == 'parked' or held[2] == 'handover' or held[4] > failures(id) then return false end
  if ARGV[2] == '' and not next(paused_till) then return true end
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  local type = entry and type_of(entry[2])
  return entry ~= nil and not paused_till[type or ''] and (ARGV[2] == '' or type == ARGV[2])
end
local count = 0
for i = 1, #page[2], 2 do
  local id = page[2][i]
  if is_id(id) and is_wanted(id) then count = count + 1 end
end
return { page[1], count }
`;

/**
 * Calls for retries at once. Each member hears it when it next asks what is due and what is paused.
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
  if records[i] == ARGV[1] then before = at
  elseif at and at < now - ${String(KEPT_MS)} then redis.call('HDEL', KEYS[1], records[i]) end
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
