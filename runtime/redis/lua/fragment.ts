/** Sets `now`: the milliseconds since 1970 by Redis' clock. */
export const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Sets `mine`: the pending record of entry ARGV[3], empty unless it belongs to consumer ARGV[2] of group ARGV[1]. */
export const MINE = `
local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])`;

/** Defines `record(id, error)`: appends an error to those of an entry, in the hash `KEYS[n]`. */
export function recordIn(n: number): string {
  return `
local function record(id, error)
  local errors = redis.call('HGET', KEYS[${n}], id)
  redis.call('HSET', KEYS[${n}], id, (errors and errors .. ',' or '') .. error)
end`;
}

/**
 * Defines `due_in(delay)`, a due time, and `possible(due)`, the same unless the clock went back since: then it is no
 * later than its whole delay from now. The fraction of a due time tells its delay within 5 %. One without a fraction was
 * set by an older version of this package: if it is more than an hour ahead, it is due at once.
 */
export const DUE = `
local function due_in(delay)
  delay = math.min(math.max(delay, 1), 1e12)
  local power = math.ceil(16 * math.log(delay) / math.log(2))
  return now + delay + (power + 1) / 1024
end
local function possible(due)
  local power = math.floor(due % 1 * 1024 + 0.5) - 1
  local delay = power < 0 and 3600000 or 2 ^ (power / 16)
  if due <= now + delay + 1 then return due end
  return power < 0 and 0 or due_in(math.floor(delay))
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
