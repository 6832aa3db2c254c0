/** Sets `now`: the milliseconds since 1970 by Redis' clock. */
export const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Sets `mine`: the pending record of the entry ARGV[3], empty unless it belongs to the consumer ARGV[2] of group ARGV[1]. */
export const MINE = `
local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])`;

/** Defines `recorded(hash, id, error)`: records one more error of an entry, after those that are there. */
export const RECORD = `
local function recorded(hash, id, error)
  local errors = redis.call('HGET', hash, id)
  local text = (errors and errors .. ',' or '') .. error
  redis.call('HSET', hash, id, text)
  return #text
end`;

/** Defines `parts(id)`, which splits an entry's id, and `before(a, b)`. Ids are text: a Lua number cannot hold every one. */
export const ID_ORDER = `
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-?(%d*)$')
  return ms, seq == '' and '0' or seq
end
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local function before(a, b)
  local ams, aseq = parts(a)
  local bms, bseq = parts(b)
  if ams ~= bms then return less(ams, bms) end
  return less(aseq, bseq)
end`;
