import { BURIED, buriedIn, CLOCK, ID_ORDER, MINE, THEIRS } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Acknowledges entries and deletes the errors of those that failed before, in one step: a crash between the two would
 * leave the errors behind for good.
 * KEYS: 1 stream · 2 errors (hash)
 * ARGV: 1 group · 2 how many failed before · then their ids · then the others' ids
 * Result: how many were pending
 */
export const acknowledge: Script<number> = script("acknowledge")`
if ARGV[2] ~= '0' then redis.call('HDEL', KEYS[2], unpack(ARGV, 3, 2 + ARGV[2])) end
return redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 3))
`;

/**
 * Moves an entry to the dead letters and acknowledges it, in one step: a crash leaves either both or neither. The
 * script reads the original itself and packs each field and value as `length:bytes,`, so that neither its size nor its
 * bytes matter. If it is deleted from the stream, the caller's copy is packed instead. An entry that is too large stays where
 * it is: the letter has its size, and a reference keeps it from being trimmed for as long as the letter is open.
 * KEYS: 1 stream · 2 dead letters · 3 retry set · 4 errors (hash) · 5 the index of dead letters (sorted set) · 6 references
 *       to entries that are too large (sorted set)
 * ARGV: 1 group · 2 consumer · 3 entry id · 4 the last error, as JSON · 5 how often it was delivered · 6 `kept`
 *       when nobody can have taken it over, `by hand` when an operator asks, else empty · 7 the caller's copy, packed, or empty · 8 the entry's size, if it is
 *       too large, else empty · 9… field, value, … of the record
 * Result: the dead letter's id; nil when the entry belongs to another consumer, or an operator has buried it; `deleted` when a copy is needed
 */
export const bury: Script<string | null> = script("bury")`${CLOCK}${MINE}${THEIRS}${ID_ORDER}${buriedIn(4)}
if #mine == 0 and (#theirs > 0 or ARGV[6] ~= 'kept' or is_buried(ARGV[3])) then return nil end

local packed = { ARGV[7] }
local is_kept = ARGV[8] ~= ''
local entry = is_kept and {} or redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])
if is_kept then packed = {} elseif entry[1] then packed = {} elseif ARGV[7] == '' then return 'deleted' end
for _, text in ipairs(entry[1] and entry[1][2] or {}) do
  packed[#packed + 1] = #text .. ':'
  packed[#packed + 1] = text
  packed[#packed + 1] = ','
end
local errors = redis.call('HGET', KEYS[4], ARGV[3])

local record = { 'stream', KEYS[1], 'group', ARGV[1], 'consumer', ARGV[2], 'entry_id', ARGV[3],
  'attempts', ARGV[5], 'errors', '[' .. (errors and errors .. ',' or '') .. ARGV[4] .. ']' }
for i = 9, #ARGV do record[#record + 1] = ARGV[i] end
record[#record + 1] = is_kept and 'kept_bytes' or 'original'
record[#record + 1] = is_kept and ARGV[8] or table.concat(packed)

local id = redis.call('XADD', KEYS[2], '*', unpack(record))
redis.call('ZADD', KEYS[5], 0, ARGV[1] .. '\no' .. padded(id))
if is_kept then redis.call('ZADD', KEYS[6], 0, padded(ARGV[3]) .. padded(id)) end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('HDEL', KEYS[4], ARGV[3])
-- Its consumer may live and have it still.
if ARGV[6] == 'by hand' then redis.call('HSET', KEYS[4], '${BURIED}' .. ARGV[3], now) end
return id
`;
