import { MINE } from "./fragment.js";
import { Script } from "./script.js";

/**
 * Moves an entry to the dead letters and acknowledges it, in one step: a crash leaves either both or neither. The
 * script reads the original itself and packs it as `length:bytes,` for each field and value in turn, so that neither
 * its size nor its bytes matter.
 *
 * KEYS: 1 stream · 2 dead letters · 3 retry set · 4 errors (hash)
 * ARGV: 1 group · 2 consumer · 3 entry id · 4 the last error, as JSON · 5… field, value, … of the record
 * Result: the dead letter's id, or nil when the entry is not mine any more
 */
export const bury: Script<string | null> = new Script(
  "bury",
  4,
  `${MINE}
if #mine == 0 then return nil end

local parts = {}
local entry = redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])
if #entry == 1 then
  for _, part in ipairs(entry[1][2]) do
    parts[#parts + 1] = #part .. ':'
    parts[#parts + 1] = part
    parts[#parts + 1] = ','
  end
end
local errors = redis.call('HGET', KEYS[4], ARGV[3])

local record = { 'stream', KEYS[1], 'group', ARGV[1], 'consumer', ARGV[2], 'entry_id', ARGV[3],
  'attempts', mine[1][4], 'errors', '[' .. (errors and errors .. ',' or '') .. ARGV[4] .. ']' }
for i = 5, #ARGV do record[#record + 1] = ARGV[i] end
record[#record + 1] = 'original'
record[#record + 1] = table.concat(parts)

local id = redis.call('XADD', KEYS[2], '*', unpack(record))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('HDEL', KEYS[4], ARGV[3])
return id
`,
);
