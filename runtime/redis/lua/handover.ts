import type { Unhandled } from "../../broker/delivery.js";
import { paddedId } from "../../broker/entry-id.js";
import { ABRIDGED, CLOCK, failuresIn, ID_ORDER, LENGTH, MAP, restoring, WHOLE } from "./fragment.js";
import { knownTypesIn } from "./handled-types.js";
import type { Delivered } from "./retry.js";
import { type Script, script } from "./script.js";
import type { Reaped } from "./takeover.js";

/**
 * Makes known which types a consumer handles. Each record holds a consumer's types, each between two line feeds, behind
 * `left` when the consumer has left. Every change gives them a new version, which was never used before: a deleted key
 * must not come back under an old one. No consumer is called `version`, because their names have hyphens.
 *
 * Where there is no version, the key was lost or is new, and nothing is known of the other members. A record that
 * begins with `?` and tells until when stands for every type. If the caller had joined before, one counts for whoever
 * there is, for a lease: by then every living member has made its types known again. For a caller that is new, one counts
 * for each member that has a heartbeat, until that one makes its types known, or for a lease: then it has an older version
 * of this package. Whoever has a record but no heartbeat gets one that stands still, so that it is watched and taken for
 * dead a lease later. What no member of ours can have written, because of its size, is removed, and so is what would be too
 * much in all, unless its member has a heartbeat. One counts for whoever may have written it, for a lease.
 *
 * KEYS: 1 handled types (hash) · 2 heartbeats
 * ARGV: 1 consumer · 2 its record · 3 a new version · 4 the lease in ms · 5 `again` when the caller had joined before
 * Result: names and values of the handled types, the version among them
 */
export const enrol: Script<string[]> = script("enrol")`${CLOCK}${MAP}${WHOLE}${knownTypesIn(1)}
local records = map(redis.call('HGETALL', KEYS[1]))
local changed = {}
if records[ARGV[1]] ~= ARGV[2] then changed[ARGV[1]] = ARGV[2] end
local any = '?' .. string.format('%.0f', now + ARGV[4])
if not records.version then
  if ARGV[5] == 'again' then changed['?'] = any end
  for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    if name ~= ARGV[1] and not records[name] then changed[name] = any end
  end
end

local known, others, expired = {}, {}, {}
for name, record in pairs(records) do
  local till = string.sub(record, 1, 1) == '?' and (whole(string.sub(record, 2)) or 0) or now
  if changed[name] or name == 'version' then
    -- It is written below.
  elseif till < now or till > now + ARGV[4] then
    expired[#expired + 1] = name
  else
    others[name] = record
  end
end
local fits = fitting(others)
for name, record in pairs(others) do
  if fits[name] then
    known[#known + 1] = name
  elseif not is_possible(name, record) or not redis.call('ZSCORE', KEYS[2], name) then
    expired[#expired + 1] = name
    changed['?'] = any
  end
end
local writing = {}
for name, record in pairs(changed) do
  known[#known + 1] = name
  writing[#writing + 1] = name
  writing[#writing + 1] = record
end
for _, name in ipairs(known) do
  if name ~= ARGV[1] and name ~= '?' then redis.call('ZADD', KEYS[2], 'NX', 0, name) end
end
if #writing + #expired > 0 or #(records.version or '') ~= #ARGV[3] then
  for _, name in ipairs(expired) do redis.call('HDEL', KEYS[1], name) end
  redis.call('HSET', KEYS[1], 'version', ARGV[3], unpack(writing))
end
return known_types(ARGV[1])
`;

/**
 * Whether fields have the given values. They are compared here: what others wrote in their place may be of any size.
 * KEYS: 1 handled types (hash)
 * ARGV: names and values
 * Result: 1, or 0
 */
export const isRecorded: Script<number> = script("is_recorded", { reads: true })`
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
return 1
`;

/**
 * Settles entries of types that the caller does not handle, and acknowledges others with them. By the handled types as
 * the caller knows them, either no member handles a type, and the entry is acknowledged, or another one does, and the
 * entry is handed over: it waits under the consumer `handover` for a member that handles it. The delivery to the caller
 * does not count. When the handled types have changed, neither happens.
 *
 * KEYS: 1 stream · 2 errors (hash) · 3 handled types (hash) · 4 handover (sorted set)
 * ARGV: 1 group · 2 consumer · 3 the version that the caller knows · 4 how many are acknowledged in any case · 5 how many
 *       no member handles · then the ids of the former · then those of the latter · then id, member, … to hand over
 * Result: nil; or, when they have changed, the handled types
 */
export const settleUnhandled: Script<string[] | null> = script(
  "settle_unhandled",
)`${ID_ORDER}${failuresIn(2)}${restoring("handover", 4)}${knownTypesIn(3)}
local function acknowledge(from, to)
  if from > to then return end
  redis.call('HDEL', KEYS[2], unpack(ARGV, from, to))
  redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, from, to))
end
local others = 5 + ARGV[4]
local unhandled = others + ARGV[5]
local is_current = redis.call('HGET', KEYS[3], 'version') == ARGV[3]
acknowledge(6, is_current and unhandled or others)
if not is_current then return known_types(ARGV[2]) end
if unhandled < #ARGV then restore_handover() end
for i = unhandled + 1, #ARGV, 2 do
  local id = ARGV[i]
  local mine = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
  if #mine == 1 then
    redis.call('ZADD', KEYS[4], 0, ARGV[i + 1])
    local count = math.max(0, mine[1][4] - 1)
    local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], 'handover', 0, id, 'RETRYCOUNT', count, 'JUSTID')
    if #claimed == 0 then
      redis.call('ZREM', KEYS[4], ARGV[i + 1])
      redis.call('HDEL', KEYS[2], id)
    end
  end
end
return nil
`;

/**
 * Takes entries that were handed over, of types that the caller handles or that no member handles any more. The caller
 * claims each, which counts a delivery. Those that were taken over from a dead member are claimed without: one of them may
 * have killed it, so each is counted just before it runs. A caller without a record takes nothing.
 *
 * KEYS: 1 stream · 2 errors (hash) · 3 handled types (hash) · 4 handover (sorted set)
 * ARGV: 1 group · 2 consumer · 3 how many at most · 4 how many that were taken over at most · 5 after how many bytes of
 *       their fields to stop · 6 beyond how many bytes an entry is abridged
 * Result: the entries · those that were taken over · 1 when more wait for the caller than it had room for, else 0
 */
export const takeHandedOver: Script<[Delivered[], Reaped[], number]> = script(
  "take_handed_over",
)`${MAP}${ID_ORDER}${failuresIn(2)}${restoring("handover", 4)}${LENGTH}${ABRIDGED}
restore_handover()
local records = map(redis.call('HGETALL', KEYS[3]))
local own = records[ARGV[2]]
if not own then return { {}, {}, 0 } end
records.version = nil
records[ARGV[2]] = nil
local function is_for_caller(type)
  local line = '\n' .. type .. '\n'
  if string.find(own, line, 1, true) then return true end
  for _, record in pairs(records) do
    if string.sub(record, 1, 1) == '?' or string.find(record, line, 1, true) then return false end
  end
  return true
end
-- Empty parts stand for those of a member that others have written.
local function number(digits) return string.match(digits, '^0*(%d+)$') or '' end

local taken, taken_over, more, left_bytes = {}, {}, 0, tonumber(ARGV[5])
local function take(prefix, most, claim)
  local members = redis.call('ZRANGEBYLEX', KEYS[4], '[' .. prefix, '(' .. prefix .. ':', 'LIMIT', 0, most + 1)
  if #members > most and most > 0 then more = 1 end
  local count = math.min(most, #members)
  for i = 1, count do
    if left_bytes <= 0 then
      more = 1
      return i - 1
    end
    local id = number(string.sub(members[i], -40, -21)) .. '-' .. number(string.sub(members[i], -20))
    local pending = is_id(id) and redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, 'handover') or {}
    if #pending == 1 and not claim(id, pending[1][4]) then redis.call('HDEL', KEYS[2], id) end
    redis.call('ZREM', KEYS[4], members[i])
  end
  return count
end
local function claim_uncounted(id, count)
  local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'RETRYCOUNT', count)
  if claimed[1] then
    local fields, bytes = abridged(claimed[1][2], ARGV[6])
    taken_over[#taken_over + 1] = { id, fields, count + 1, deaths(id, count + 1) > 1 and 1 or 0 }
    left_bytes = left_bytes - bytes
  end
  return claimed[1]
end
local function claim(id, count)
  local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id)
  if claimed[1] then
    local fields, bytes, size = abridged(claimed[1][2], ARGV[6])
    taken[#taken + 1] = { id, fields, count + 1, 0, size }
    left_bytes = left_bytes - bytes
  end
  return claimed[1]
end

local left, left_aside = tonumber(ARGV[3]), tonumber(ARGV[4])
local from = '-'
while true do
  local head = redis.call('ZRANGEBYLEX', KEYS[4], from, '+', 'LIMIT', 0, 1)[1]
  if not head then break end
  local type = string.match(head, '^(.*)\n[!0]%d+$')
  if not type or #head ~= #type + 42 then
    redis.call('ZREM', KEYS[4], head)
  else
    if is_for_caller(type) then
      left_aside = left_aside - take(type .. '\n!', left_aside, claim_uncounted)
      left = left - take(type .. '\n0', left, claim)
    end
    from = '(' .. type .. '\n:'
  end
end
return { taken, taken_over, more }
`;

/** A member of the set of entries that are handed over. Its types are apart, and their entries in the stream's order. */
export function handoverMember({ id, type, isSuspect }: Unhandled): string {
  return `${typeText(type)}\n${isSuspect ? "!" : "0"}${paddedId(id)}`;
}

/** Stands in a record for entries without a type. It is no JSON, as every type there is. */
export const UNTYPED = "untyped";

/** A type as it stands in a record: one line, whatever it holds. */
export function typeText(type: string | undefined): string {
  return type === undefined ? UNTYPED : JSON.stringify(type);
}
