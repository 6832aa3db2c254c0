import { ID_ORDER, LONGEST_ID, MAP } from "./fragment.js";
import { type Script, script } from "./script.js";

/**
 * Adds entries in their order, which come in runs of the same fields. A value that all of a run share is sent once. If Redis refuses
 * one, the others are added.
 * KEYS: 1 stream
 * ARGV: for each run: a letter for each field: `s` when all its entries share its value, else `o` · how many entries · then the
 *       fields' names · then the shared values · then each entry's own values, entry by entry
 * Result: the entries' ids with a space between them; when one was refused, a list of ids and errors
 */
export const append: Script<string | (string | Error)[]> = script("append", { needsMemory: true })`
local ids, refused, at = {}, false, 1
while at <= #ARGV do
  local letters, count, names = ARGV[at], tonumber(ARGV[at + 1]), at + 1
  local command, own = { 'XADD', KEYS[1], '*' }, {}
  at = at + 2 + #letters
  for field = 1, #letters do
    command[2 + 2 * field] = ARGV[names + field]
    if string.sub(letters, field, field) == 's' then
      command[3 + 2 * field] = ARGV[at]
      at = at + 1
    else
      own[#own + 1] = 3 + 2 * field
    end
  end
  for _ = 1, count do
    for _, place in ipairs(own) do
      command[place] = ARGV[at]
      at = at + 1
    end
    ids[#ids + 1] = redis.pcall(unpack(command))
    refused = refused or type(ids[#ids]) == 'table'
  end
end
return refused and ids or table.concat(ids, ' ')
`;

/**
 * Defines `was_added(id, retention)`, after {@link MAP} and {@link ID_ORDER}: whether the entry of a recorded id is in the stream, or was
 * and has been trimmed. If the stream was deleted or renamed, the recorded entry is not there, and was not trimmed either. Without
 * the right to look, the record is trusted.
 */
export const WAS_ADDED = `
local function was_added(id, retention)
  local found = redis.pcall('XRANGE', KEYS[1], id, id)
  local stream = redis.pcall('XINFO', 'STREAM', KEYS[1])
  local refused = found.err or stream.err
  if refused then return string.find(refused, 'NOPERM', 1, true) end
  if #found == 1 then return true end
  stream = map(stream)
  if stream['entries-added'] == stream.length or before(stream['last-generated-id'], id) then return false end
  local began = redis.pcall('HGET', retention, 'began')
  return not is_id(began) or not before(id, began)
end`;

/**
 * Adds one entry, in one step with one or both of these: its message id is recorded, so that a repeat within a window
 * adds nothing; it is published on a channel together with its entry id, after which a listener can go on reading.
 *
 * A record counts only for the stream that it speaks of, see {@link WAS_ADDED}.
 * KEYS: 1 stream · with a window also 2 the record of the message id · 3 what is known of the stream (hash)
 * ARGV: 1 the window in ms, or empty · 2 the channel, or empty · 3 what to publish: a JSON object ·
 *       4… field, value, … of the entry
 * Result: the entry's id, also when an earlier call added it
 */
export const appendAlone: Script<string> = script("append_alone", { needsMemory: true })`${MAP}${ID_ORDER}${WAS_ADDED}
local stored = false
if ARGV[1] ~= '' then
  -- What others have written may be of any length. Rights that were given for an older version do not include GETRANGE.
  if redis.acl_check_cmd('GETRANGE', KEYS[2], 0, 0) then
    stored = redis.pcall('GETRANGE', KEYS[2], 0, ${LONGEST_ID})
    if type(stored) == 'table' then return stored end
  else
    stored = redis.call('GET', KEYS[2])
  end
end
if is_id(stored) and was_added(stored, KEYS[3]) then return stored end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 4))
if ARGV[1] ~= '' then redis.call('SET', KEYS[2], id, 'PX', ARGV[1]) end
if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], '{"entry_id":"' .. id .. '",' .. string.sub(ARGV[3], 2)) end
return id
`;
