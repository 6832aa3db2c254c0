import { Script } from "./script.js";

/**
 * Adds one entry with what else is to happen then, in one step: a crash cannot come between. It may be remembered, so
 * that a repeat under the same message id within a window adds nothing; and sent to whoever listens on a channel now,
 * with the entry's id, from which a listener can go on later.
 *
 * KEYS: 1 stream · 2 what remembers the message id
 * ARGV: 1 the window in ms, or none · 2 the channel, or none · 3 what to send: a JSON object ·
 *       4… field, value, … of the entry
 * Result: the entry's id, whichever call added it
 */
export const appendAlone: Script<string> = new Script(
  "append_alone",
  2,
  `
local stored = ARGV[1] ~= '' and redis.call('GET', KEYS[2])
if stored then return stored end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 4))
if ARGV[1] ~= '' then redis.call('SET', KEYS[2], id, 'PX', ARGV[1]) end
if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], '{"entry_id":"' .. id .. '",' .. string.sub(ARGV[3], 2)) end
return id
`,
  { needsMemory: true },
);
