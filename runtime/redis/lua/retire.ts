import { CLOCK, FORGET, ID_ORDER, MAP, WHOLE } from "./fragment.js";
import { type Script, script } from "./script.js";

/** What keeps a group from being removed: its living members, what it has not handled, or its open dead letters. */
export type Hindrance =
  | readonly ["alive", ...names: string[]]
  | readonly ["work", unread: number, pending: number]
  | readonly ["letters", count: number];

/**
 * Removes a group and what is recorded of it, with what was redriven to it, in one step. Its dead letters stay. A member is
 * alive whose heartbeat or command came within a lease: while there is one, nothing is removed.
 * KEYS: 1 stream · 2 the group's position (hash) · 3 heartbeats · 4 the groups that are served (sorted set) · 5 the index of
 *       dead letters (sorted set) · 6 the redrive stream · 7 references to entries there that are too large (sorted set)
 * ARGV: 1 group · 2 the prefix of the stream's keys · 3 that of the redrive stream's · 4 a lease in ms · 5 `forced` to remove it
 *       with what it has not handled, else empty · 6 `keep` or `discard` for its open dead letters, empty if there must be none
 * Result: nil when it is removed, or what hinders
 */
export const retire: Script<Hindrance | null> = script("retire")`${MAP}${ID_ORDER}${WHOLE}${CLOCK}${FORGET}
local lease = tonumber(ARGV[4])
local function group_of(key)
  if redis.call('EXISTS', key) == 0 then return nil end
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local group = map(info)
    if group.name == ARGV[1] then return group end
  end
end
redis.call('XLEN', KEYS[1])
redis.call('XLEN', KEYS[6])
local own, redriven = group_of(KEYS[1]), group_of(KEYS[6])

local names, living, is_living = {}, { 'alive' }, {}
local function lives(name)
  if name == 'parked' or name == 'handover' or is_living[name] then return end
  is_living[name] = true
  living[#living + 1] = name
end
local beats = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
for i = 1, #beats, 2 do
  names[#names + 1] = beats[i]
  if math.abs(now - tonumber(beats[i + 1])) <= lease then lives(beats[i]) end
end
for _, info in ipairs(own and redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1]) or {}) do
  local consumer = map(info)
  if consumer.idle < lease then lives(consumer.name) end
end
-- The clocks of their machines may be wrong, but each heartbeat also says by Redis' clock for how long it holds.
if #living == 1 and (whole(redis.call('HGET', KEYS[2], 'served')) or 0) > now then
  for _, name in ipairs(names) do lives(name) end
end
if #living > 1 then return living end

local function unread_of(key, group)
  local from = group and '(' .. group['last-delivered-id'] or '-'
  return #redis.call('XRANGE', key, from, '+', 'COUNT', 1)
end
local unread = (own and unread_of(KEYS[1], own) or 0) + unread_of(KEYS[6], redriven)
local pending = (own and own.pending or 0) + (redriven and redriven.pending or 0)
if ARGV[5] == '' and unread + pending > 0 then return { 'work', unread, pending } end
local open = redis.call('ZLEXCOUNT', KEYS[5], '[' .. ARGV[1] .. '\no', '(' .. ARGV[1] .. '\no:')
if ARGV[6] == '' and open > 0 then return { 'letters', open } end

-- What was redriven and is too large stays for as long as a letter that is kept refers to it.
local is_referred = ARGV[6] == 'keep' and redis.call('ZCARD', KEYS[7]) > 0
local gone = { KEYS[6], KEYS[7] }
if is_referred then gone = {} end
for _, kind in ipairs({ 'trimming', 'marks', 'retention', 'groups' }) do gone[#gone + 1] = ARGV[3] .. kind end
for _, keys in ipairs({ gone, keys_of(ARGV[2], ':', ARGV[1]), keys_of(ARGV[3], '', ARGV[1]) }) do
  for _, key in ipairs(keys) do
    if not redis.acl_check_cmd('DEL', key) then return { err = 'NOPERM no right to DEL ' .. key } end
  end
end
if own then redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1]) end
if redriven then redis.call('XGROUP', 'DESTROY', KEYS[6], ARGV[1]) end
for _, key in ipairs(gone) do redis.call('DEL', key) end
forget(ARGV[2], ':', ARGV[1])
forget(ARGV[3], '', ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return nil
`;

/**
 * Marks open dead letters of a group as discarded.
 * KEYS: 1 how letters were settled (hash) · 2 the index of dead letters (sorted set)
 * ARGV: 1 group · 2 the mark, as JSON · 3 how many at most
 * Result: how many were marked
 */
export const discardLetters: Script<number> = script("discard_letters")`
local open = ARGV[1] .. '\no'
local members = redis.call('ZRANGEBYLEX', KEYS[2], '[' .. open, '(' .. open .. ':', 'LIMIT', 0, ARGV[3])
for _, member in ipairs(members) do
  local padded = string.sub(member, #open + 1)
  local ms, seq = string.match(padded, '^0*(%d+)(' .. string.rep('%d', 20) .. ')$')
  if ms and #padded == 40 then redis.call('HSET', KEYS[1], ms .. '-' .. string.match(seq, '^0*(%d+)$'), ARGV[2]) end
  redis.call('ZREM', KEYS[2], member)
  if ms and #padded == 40 then redis.call('ZADD', KEYS[2], 0, ARGV[1] .. '\ns' .. padded) end
end
return #members
`;
