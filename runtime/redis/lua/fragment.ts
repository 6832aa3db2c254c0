import { BRIEF } from "../../broker/abridged.js";
import { TYPE_FIELD, TYPE_PROPERTIES } from "../../contract/codec.js";

/** The names of the fields that hold a message's type, as members of a table. */
const TYPE_NAMES = [TYPE_FIELD, ...Object.values(TYPE_PROPERTIES)].map((name) => `${name} = true`).join(", ");

/** Sets `now`: the milliseconds since 1970 by Redis' clock. */
export const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Sets `ticks`: Redis' clock in hundredths of a millisecond since 1970. No two changes of one key come within one, so that what
 * grows by one a change, and is no less than that, never runs ahead of the clock: what a failover has undone is not given again.
 */
export const TICKS = `
local time = redis.call('TIME')
local ticks = time[1] * 100000 + math.floor(time[2] / 10)`;

/** Sets `mine`: the pending record of entry ARGV[3], empty unless it belongs to consumer ARGV[2] of group ARGV[1]. */
export const MINE = `
local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])`;

/** Sets `theirs`: the pending record of entry ARGV[3], whoever holds it; empty when it is not pending. */
export const THEIRS = `
local theirs = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)`;

/** Under that, followed by an entry's id, the errors of a group say when an operator has buried it. */
export const BURIED = "buried:";

/**
 * Defines `is_buried(id)`: whether an operator has moved an entry to the dead letters that was pending, by the errors `KEYS[n]`. Its
 * member may have it still: to that one it looks as if an operator had deleted its consumer.
 */
export function buriedIn(n: number): string {
  return `
local function is_buried(id) return redis.call('HGET', KEYS[${n}], '${BURIED}' .. id) ~= false end`;
}

/**
 * Defines `failures(id)`: how many failed attempts of an entry are recorded, in the hash `KEYS[n]`; and `deaths(id, attempt)`:
 * how many deliveries before an attempt are not, because they began in processes that died. The errors are objects of JSON,
 * which need not be decoded to be counted.
 */
export function failuresIn(n: number): string {
  return String.raw`
local function failures(id)
  local errors = string.gsub(redis.call('HGET', KEYS[${n}], id) or '', '\\.', '')
  local depth, count = 0, 0
  for brace in string.gmatch(string.gsub(errors, '"[^"]*"', ''), '[{}]') do
    depth = math.max(0, depth + (brace == '{' and 1 or -1))
    if depth == 0 and brace == '}' then count = count + 1 end
  end
  return count
end
local function deaths(id, attempt)
  return math.max(0, attempt - 1 - failures(id))
end`;
}

/** Defines `record(id, error)`: appends an error to those of an entry, in the hash `KEYS[n]`. To repeat it adds nothing. */
export function recordIn(n: number): string {
  return `
local function record(id, error)
  local errors = redis.call('HGET', KEYS[${n}], id)
  if errors and string.sub(errors, -#error) == error then return end
  redis.call('HSET', KEYS[${n}], id, (errors and errors .. ',' or '') .. error)
end`;
}

/**
 * Defines `restore_<consumer>()`, after {@link ID_ORDER} and {@link failuresIn}, to be called before anything else is done to the
 * consumer `parked` or `handover`, whose entries are in the set `KEYS[n]`. If an operator has deleted it, Redis has dropped its
 * pending entries: those in its set become pending again. An entry in the set that is not pending while the consumer is there was
 * acknowledged by hand, and stays so.
 */
export function restoring(consumer: "parked" | "handover", n: number): string {
  return `
local function restore_${consumer}()
  if redis.call('ZCARD', KEYS[${n}]) == 0 or redis.call('EXISTS', KEYS[1]) == 0 then return end
  if redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], ARGV[1], '${consumer}') == 0 then return end
  for _, member in ipairs(redis.call('ZRANGE', KEYS[${n}], 0, -1)) do
    local ms, seq = string.match(member, '^(%d+)-(%d+)$')
    if not ms then ms, seq = string.match(string.sub(member, -40), '^0*(%d+)(' .. string.rep('%d', 20) .. ')$') end
    local id = ms and ms .. '-' .. string.match(seq, '^0*(%d+)$')
    if is_id(id) and #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1) == 0 then
      redis.call('XCLAIM', KEYS[1], ARGV[1], '${consumer}', 0, id, 'FORCE', 'RETRYCOUNT', failures(id), 'JUSTID')
    end
  end
end`;
}

/** Defines `pending_of(consumer)`: how many entries are pending for a consumer of the group `ARGV[1]`. */
export const PENDING_OF = `
local function pending_of(consumer)
  for _, each in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1])[4] or {}) do
    if each[1] == consumer then return tonumber(each[2]) end
  end
  return 0
end`;

/**
 * Defines `due_at_once(id)`, after {@link ID_ORDER}: a due time that has passed by any clock, since it lies before 1970. Of
 * several entries the older comes first: those of one millisecond have the same due time only if their numbers have as many
 * digits, and then Redis sorts them by their ids as text. Only of ids beyond the year 2109 the milliseconds do not count.
 */
export const DUE_AT_ONCE = `
local function due_at_once(id)
  local ms, seq = parts(id)
  local head = string.sub(seq, 1, 2)
  local step = #seq < 4 and at_most(seq, 999) or 1000 + 61 * (#seq - 4) + math.floor(head * 2 / 3)
  return at_most(ms, 2 ^ 42) - 2 ^ 42 + step / 2048
end`;

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
  if due > 1e15 then return 0 end
  local power = math.floor(due % 1 * 1024 + 0.5) - 1
  local delay = power < 0 and 3600000 or 2 ^ (power / 16)
  if due <= now + delay + 1 then return due end
  return power < 0 and 0 or due_in(math.floor(delay))
end`;

/** Defines `length(fields)`: how many bytes an entry's names and values have. */
export const LENGTH = `
local function length(fields)
  local sum = 0
  for _, text in ipairs(fields) do sum = sum + #text end
  return sum
end`;

/**
 * Defines `abridged(fields, most)`, after {@link LENGTH}: an entry's fields, how many bytes they have, and 0. Of an entry of
 * more bytes than `most`, or of more names and values, these are its short fields, and its size instead of 0.
 */
export const ABRIDGED: string = `
local function abridged(fields, most)
  local bytes = length(fields)
  local size = math.max(bytes, #fields)
  if size <= tonumber(most) then return fields, bytes, 0 end
  local type_names = { ${TYPE_NAMES} }
  local brief, is_typed = {}, false
  for i = 1, #fields, 2 do
    if #fields[i] <= ${BRIEF.longest} and #fields[i + 1] <= ${BRIEF.longest} then
      local is_type = not is_typed and type_names[fields[i]]
      is_typed = is_typed or is_type
      if is_type or #brief < ${2 * BRIEF.most} then
        brief[#brief + 1] = fields[i]
        brief[#brief + 1] = fields[i + 1]
      end
    end
  end
  return brief, bytes, size
end`;

/** Defines `type_of(fields)`: the type that an entry states, or nil. */
export const TYPE_OF: string = `
local type_names = { ${TYPE_NAMES} }
local function type_of(fields)
  for i = 1, #fields, 2 do
    if type_names[fields[i]] then return fields[i + 1] end
  end
  for i = 1, #fields, 2 do
    if fields[i] == 'subject' then return fields[i + 1] end
  end
end`;

/** Defines `map(list)`: the table of a list of names and values. */
export const MAP = `
local function map(list)
  local fields = {}
  for i = 1, #list, 2 do fields[list[i]] = list[i + 1] end
  return fields
end`;

/**
 * Defines `whole(text)`: the number that a record of ours holds, or nil if others have written something else there, or a
 * number that Lua does not hold exactly.
 */
export const WHOLE = `
local function whole(text)
  return type(text) == 'string' and #text <= 15 and string.find(text, '^%d+$') and tonumber(text) or nil
end`;

/** The characters of the longest entry id. Of a text that is longer one more tells that it is none. */
export const LONGEST_ID = "41";

/**
 * For entry ids, which are compared as text: a Lua number cannot hold each. Defines `parts(id)`; `before(a, b)`; `is_id(text)`,
 * to be asked of what others may have written; and `at_most(part, most)`, the number that a part is if it is not greater.
 */
export const ID_ORDER: string = `
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
end
local function is_id(text)
  local ms, seq = string.match(type(text) == 'string' and #text <= ${LONGEST_ID} and text or '', '^(%d+)-(%d+)$')
  if not ms or #ms > 20 or #seq > 20 then return false end
  local most = '18446744073709551615'
  return string.rep('0', 20 - #ms) .. ms <= most and string.rep('0', 20 - #seq) .. seq <= most
end
local function at_most(part, most)
  return #part > 15 and most or math.min(tonumber(part), most)
end`;

/** The kinds of the keys that end with a group: what is recorded of its members and of what is pending. */
const OF_A_GROUP = ["retry", "errors", "alive", "types", "handover", "held", "paused"]
  .map((kind) => `'${kind}'`)
  .join(", ");

/**
 * Defines `keys_of(prefix, infix, group)`: the keys in which something is recorded of a group; and `forget(prefix, infix, group)`,
 * which deletes them. The group itself, and its place among those that are served, are left alone.
 */
export const FORGET: string = `
local function keys_of(prefix, infix, group)
  local keys = { prefix .. 'floor:' .. group }
  for _, kind in ipairs({ ${OF_A_GROUP} }) do
    keys[#keys + 1] = prefix .. kind .. (infix == '' and '' or infix .. group)
  end
  return keys
end
local function forget(prefix, infix, group)
  for _, key in ipairs(keys_of(prefix, infix, group)) do redis.call('DEL', key) end
end`;
