import { Script } from "./script.js";

/**
 * Adds an entry unless one was added under the same message id within the window.
 *
 * KEYS: 1 stream · 2 what remembers the message id
 * ARGV: 1 the window in ms · 2 the channel on which to send it, too, or none · 3 what to send: a JSON object ·
 *       4… field, value, … of the entry
 * Result: the entry's id, whichever call added it
 */
export const appendOnce: Script<string> = new Script(
  "append_once",
  2,
  `
local stored = redis.call('GET', KEYS[2])
if stored then return stored end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 4))
redis.call('SET', KEYS[2], id, 'PX', ARGV[1])
if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], '{"entry_id":"' .. id .. '",' .. string.sub(ARGV[3], 2)) end
return id
`,
  { needsMemory: true },
);
