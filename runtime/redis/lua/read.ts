import { ABRIDGED, ID_ORDER, LENGTH, MAP } from "./fragment.js";
import type { Delivered } from "./retry.js";
import { readOnlyScript, type Script, script } from "./script.js";

/** Delivers new entries to a consumer, as {@link readSome} says, and defines them as `taken`. */
const TAKEN = `${LENGTH}${ABRIDGED}
local taken, left = {}, tonumber(ARGV[4])
for _ = 1, tonumber(ARGV[3]) do
  if left <= 0 then break end
  local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', KEYS[1], '>')
  if not reply then break end
  local fields, bytes, size = abridged(reply[1][2][1][2], ARGV[5])
  taken[#taken + 1] = { reply[1][2][1][1], fields, 1, 0, size }
  left = left - bytes
end`;

/**
 * Delivers new entries to a consumer, until they are so many bytes of text. It gets one in any case.
 * KEYS: 1 stream
 * ARGV: 1 group · 2 consumer · 3 how many at most · 4 after how many bytes of their fields to stop · 5 beyond how many bytes
 *       an entry is abridged
 * Result: the entries
 */
export const readSome: Script<Delivered[]> = script("read_some", { takes: true })`${TAKEN}
return taken
`;

/**
 * Delivers new entries of a partition to its owner, as {@link readSome} does.
 * KEYS: 1 stream · 2 the group's position (hash)
 * ARGV: as those of {@link readSome}
 * Result: the entries · the greatest id that the stream ever had, after which to wait where nothing came · the greatest id of an
 *         answered command, empty where that is not known
 */
export const readOwned: Script<[entries: Delivered[], last: string, answered: string]> = script("read_owned", {
  takes: true,
})`${TAKEN}${MAP}${ID_ORDER}
local answered = redis.pcall('HGET', KEYS[2], 'answered')
local last = ''
if #taken == 0 then
  local stream = redis.pcall('XINFO', 'STREAM', KEYS[1])
  last = stream.err and '$' or map(stream)['last-generated-id']
end
return { taken, last, is_id(answered) and answered or '' }
`;

/** An entry of a page: its id, its fields, and its size if it is abridged, else 0. */
export type Paged = readonly [id: Buffer, fields: readonly Buffer[], size: number];

/**
 * Reads entries of a stream, until they are so many bytes of text: one in any case, if there is one.
 * KEYS: 1 stream
 * ARGV: 1 where to begin, as for XRANGE · 2 where to end · 3 how many at most · 4 after how many bytes of their fields to stop ·
 *       5 beyond how many bytes an entry is abridged · 6 `newest` to read from the end to the beginning, else empty
 * Result: the entries · 1 when there may be more, else 0
 */
export const page: Script<readonly [entries: readonly Paged[], more: number]> = readOnlyScript`${LENGTH}${ABRIDGED}
local entries, from, to, left = {}, ARGV[1], ARGV[2], tonumber(ARGV[4])
while #entries < tonumber(ARGV[3]) and left > 0 do
  -- One at a time: Redis would hold all that it returns.
  local reply
  if ARGV[6] == 'newest' then
    reply = redis.call('XREVRANGE', KEYS[1], to, from, 'COUNT', 1)
  else
    reply = redis.call('XRANGE', KEYS[1], from, to, 'COUNT', 1)
  end
  if #reply == 0 then return { entries, 0 } end
  local id = reply[1][1]
  local fields, bytes, size = abridged(reply[1][2], ARGV[5])
  entries[#entries + 1] = { id, fields, size }
  left = left - bytes
  if ARGV[6] == 'newest' then to = '(' .. id else from = '(' .. id end
end
return { entries, 1 }
`;

/**
 * Reads how dead letters were settled.
 * KEYS: 1 the marks (hash)
 * ARGV: 1 how many bytes a mark may have · then the letters' ids
 * Result: for each its mark, or nil if it has none, or a longer one
 */
export const marks: Script<readonly (Buffer | null)[]> = readOnlyScript`
local found = redis.call('HMGET', KEYS[1], unpack(ARGV, 2))
for i, text in ipairs(found) do
  if text and #text > tonumber(ARGV[1]) then found[i] = false end
end
return found
`;
