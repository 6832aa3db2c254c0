import { WAS_ADDED } from "./append.js";
import { ID_ORDER, MAP } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Adds entries in their order, up to the first that Redis refuses. Each is added once under its message id within a window.
 * KEYS: 1 stream · 2 what is known of the stream (hash) · 3… the record of each message id
 * ARGV: 1 the window in ms · then for each entry how many texts it has, and field, value, …
 * Result: the ids of the entries with a space between them, also of those that an earlier call added · the error reply to the
 *         next one, or none
 */
export const transfer: Script<[ids: string, refused?: Error]> = script("transfer", {
  needsMemory: true,
})`${MAP}${ID_ORDER}${WAS_ADDED}
-- The first step of each kind, by which all are checked: redis.call('SET', KEYS[3]) redis.call('XADD', KEYS[1])
local ids, at = {}, 2
for entry = 1, #KEYS - 2 do
  local record, to = KEYS[2 + entry], at + ARGV[at]
  local id = redis.pcall('GET', record)
  if not is_id(id) or not was_added(id, KEYS[2]) then
    id = redis.pcall('XADD', KEYS[1], '*', unpack(ARGV, at + 1, to))
    if type(id) == 'table' then return { table.concat(ids, ' '), id } end
    redis.call('SET', record, id, 'PX', ARGV[1])
  end
  ids[entry] = id
  at = to + 1
end
return { table.concat(ids, ' ') }
`;
