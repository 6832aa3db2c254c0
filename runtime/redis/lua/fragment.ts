/** Sets `now`: the milliseconds since 1970 by Redis' clock. */
export const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Sets `mine`: the pending record of entry ARGV[3], empty unless it belongs to consumer ARGV[2] of group ARGV[1]. */
export const MINE = `
local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])`;

/** Sets `theirs`: the pending record of entry ARGV[3], whoever holds it; empty when it is not pending. */
export const THEIRS = `
local theirs = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)`;

/**
 * Defines `restore(consumer, set, errors)`, to be called before anything else is done to the consumer `parked` or
 * `handover`. If an operator has deleted it, Redis has dropped its pending entries: those in its set become pending again.
 * An entry in the set that is not pending while the consumer is there was acknowledged by hand, and stays so.
 */
export const RESTORE = `
local function restore(consumer, set, errors)
  if redis.call('ZCARD', set) == 0 or redis.call('EXISTS', KEYS[1]) == 0 then return end
  if redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], consumer) == 0 then return end
  for _, member in ipairs(redis.call('ZRANGE', set, 0, -1)) do
    local ms, seq = string.match(member, '^(%d+)-(%d+)$')
    if not ms then ms, seq = string.match(string.sub(member, -40), '^0*(%d+)(' .. string.rep('%d', 20) .. ')$') end
    local id = ms and ms .. '-' .. string.match(seq, '^0*(%d+)$')
    if id and #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1) == 0 then
      local failures = errors and redis.call('HGET', errors, id)
      local is_json, list = pcall(cjson.decode, '[' .. (failures or '') .. ']')
      local count = is_json and #list or 0
      redis.call('XCLAIM', KEYS[1], ARGV[1], consumer, 0, id, 'FORCE', 'RETRYCOUNT', count, 'JUSTID')
    end
  end
end`;

/** Defines `record(hash, id, error)`: appends an error to those of an entry. */
export const RECORD = `
local function record(hash, id, error)
  local errors = redis.call('HGET', hash, id)
  redis.call('HSET', hash, id, (errors and errors .. ',' or '') .. error)
end`;

/** Defines `map(list)`: the table of a list of names and values. */
export const MAP = `
local function map(list)
  local fields = {}
  for i = 1, #list, 2 do fields[list[i]] = list[i + 1] end
  return fields
end`;

/** Defines `parts(id)` and `before(a, b)` for entry ids, which are compared as text: a Lua number cannot hold each. */
export const ID_ORDER = `
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-?(%d*)$')
  return ms, seq == '' and '0' or seq
end
local function padded(id)
  local ms, seq = parts(id)
  return string.rep('0', 20 - #ms) .. ms .. string.rep('0', 20 - #seq) .. seq
end
local function before(a, b)
  return padded(a) < padded(b)
end`;
