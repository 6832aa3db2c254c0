/** Sets `now`: the milliseconds since 1970 by Redis' clock. */
export const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Sets `mine`: the pending record of entry ARGV[3], empty unless it belongs to consumer ARGV[2] of group ARGV[1]. */
export const MINE = `
local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])`;

/** Defines `record(hash, id, error)`: appends an error to those of an entry. */
export const RECORD = `
local function record(hash, id, error)
  local errors = redis.call('HGET', hash, id)
  redis.call('HSET', hash, id, (errors and errors .. ',' or '') .. error)
end`;

/**
 * Defines `failures(hash, id)`: how many failed attempts of an entry are recorded. What remains of its count of deliveries
 * was begun in processes that died.
 */
export const FAILURES = `
local function failures(hash, id)
  local is_list, list = pcall(cjson.decode, '[' .. (redis.call('HGET', hash, id) or '') .. ']')
  return is_list and #list or 0
end`;

/** Defines `due_at_once(id)`, after {@link CLOCK}: a due time that has passed. Of several entries the older comes first. */
export const DUE_AT_ONCE = `
local function due_at_once(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return math.min(now, tonumber(ms)) - 1 + math.min(tonumber(seq), 4095) / 4096
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
