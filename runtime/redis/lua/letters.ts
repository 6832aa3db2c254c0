import { ERROR_BEGINS, HEAD } from "../../broker/letter-head.js";
import { readOnlyScript, type Script } from "./script.js";

const { longest, longestError } = { longest: String(HEAD.longest), longestError: String(HEAD.longestError) };

/** A letter without its entry: its id, the values of the named fields, and its size. */
export type Head = readonly [id: Buffer, values: readonly Buffer[], bytes: number];

/**
 * Reads dead letters without their entries. Redis looks at each letter alone, and returns what is named of it: of the errors
 * only the last, which is most of what a letter of many attempts holds.
 * KEYS: 1 dead letters · 2 how each was settled (hash)
 * ARGV: 1 where to begin, as for XRANGE · 2 where to end · 3 how many to look at · 4 after how many bytes of their fields to
 *       stop · 5 the id of a message or an entry, to read only its letters, else empty · 6 how many bytes a mark may have ·
 *       7… the names of fields
 * Result: the heads, with an empty value for a field that is missing · the mark of each, or nil · the id after which to go on;
 *         nil at the end
 */
export const heads: Script<readonly [heads: readonly Head[], marks: readonly (Buffer | null)[], next: Buffer | null]> =
  readOnlyScript`
local place = {}
for i = 7, #ARGV do place[ARGV[i]] = i - 6 end
local function last(errors)
  local tail = string.sub(errors, -${longestError})
  local begun, at = nil, string.sub(tail, -1) == ']' and 1 or nil
  while at do
    at = string.find(tail, '${ERROR_BEGINS}', at, true)
    begun = at or begun
    at = at and at + 1
  end
  return begun and '[' .. string.sub(tail, begun) or string.sub(errors, 1, ${longestError})
end
local function head(list)
  local bytes, values, is_of = 0, {}, ARGV[5] == ''
  for i = 7, #ARGV do values[i - 6] = '' end
  for i = 1, #list, 2 do
    local name, value = list[i], list[i + 1]
    bytes = bytes + #name + #value
    is_of = is_of or value == ARGV[5] and (name == 'message_id' or name == 'entry_id')
    local at = place[name]
    if at then values[at] = name == 'errors' and last(value) or string.sub(value, 1, ${longest}) end
  end
  return values, bytes, is_of
end

local found, ids, left, from, following = {}, {}, tonumber(ARGV[4]), ARGV[1], false
for _ = 1, tonumber(ARGV[3]) do
  if left <= 0 then break end
  -- One at a time: Redis would hold all that it returns.
  local entry = redis.call('XRANGE', KEYS[1], from, ARGV[2], 'COUNT', 1)[1]
  following = entry and entry[1]
  if not entry then break end
  local values, bytes, is_of = head(entry[2])
  if is_of then
    found[#found + 1] = { entry[1], values, bytes }
    ids[#ids + 1] = entry[1]
  end
  left = left - bytes
  from = '(' .. entry[1]
end
local marks = #ids > 0 and redis.call('HMGET', KEYS[2], unpack(ids)) or {}
for i, text in ipairs(marks) do
  if text and #text > tonumber(ARGV[6]) then marks[i] = false end
end
return { found, marks, following }
`;
