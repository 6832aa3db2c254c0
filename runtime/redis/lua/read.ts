import { ABRIDGED, LENGTH } from "./fragment.js";
import type { Delivered } from "./retry.js";
import { type Script, script } from "./script.js";

/**
 * Delivers new entries to a consumer, until they are so many bytes of text. It gets one in any case.
 * KEYS: 1 stream
 * ARGV: 1 group · 2 consumer · 3 how many at most · 4 after how many bytes of their fields to stop · 5 beyond how many bytes
 *       an entry is abridged
 * Result: the entries
 */
export const readSome: Script<Delivered[]> = script("read_some")`${LENGTH}${ABRIDGED}
local taken, left = {}, tonumber(ARGV[4])
for _ = 1, tonumber(ARGV[3]) do
  if left <= 0 then break end
  local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', KEYS[1], '>')
  if not reply then break end
  local fields, bytes, size = abridged(reply[1][2][1][2], ARGV[5])
  taken[#taken + 1] = { reply[1][2][1][1], fields, 1, 0, size }
  left = left - bytes
end
return taken
`;

/**
 * Tells how many entries of a stream may be read at once: one in any case.
 * KEYS: 1 stream
 * ARGV: 1 where to begin, as for XRANGE · 2 how many at most · 3 after how many bytes of their fields to stop
 * Result: their number, 1 when there is none
 */
export const fitting: Script<number> = script("fitting", { reads: true })`${LENGTH}
local count, from, left = 0, ARGV[1], tonumber(ARGV[3])
while count < tonumber(ARGV[2]) and left > 0 do
  local entry = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
  if not entry then break end
  count, from, left = count + 1, '(' .. entry[1], left - length(entry[2])
end
return math.max(1, count)
`;
